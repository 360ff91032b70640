import { generateKeyPairSync } from "node:crypto";
import { DEFAULT_PREFIX } from "@repl/contract";
import { describe, expect, it } from "vitest";
import { loadApiSettings, loadWorkerSettings, SettingsError } from "../src/index.ts";

function problemsOf(load: () => unknown): Record<string, string> {
  try {
    load();
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return Object.fromEntries((error as SettingsError).problems.map(({ variable, message }) => [variable, message]));
  }
  return {};
}

describe("defaults", () => {
  it("of the api are those of the contract", () => {
    expect(loadApiSettings({})).toEqual({
      redisUrl: "redis://127.0.0.1:6379",
      queuePrefix: DEFAULT_PREFIX,
      jobRetentionSeconds: 604_800,
      opsHost: "127.0.0.1",
      opsPort: 3003,
      shutdownGraceSeconds: 25,
      logLevel: "info",
      tracing: "off",
      host: "127.0.0.1",
      port: 3002,
      corsOrigins: ["http://localhost:3000"],
      authMode: "none",
      authClockToleranceSeconds: 5,
      authCacheSeconds: 30,
      maxOpenJobs: 10_000,
      maxRunningPerUser: 0,
      maxStartingPerUser: 0,
      ordersPerMinute: 0,
      drainDelaySeconds: 0,
      boardWrite: "0",
      maxFollowers: 10_000,
      maxFollowersPerUser: 100,
    });
  });

  it("of the worker are those of the contract", () => {
    expect(loadWorkerSettings({})).toEqual({
      redisUrl: "redis://127.0.0.1:6379",
      queuePrefix: DEFAULT_PREFIX,
      jobRetentionSeconds: 604_800,
      opsHost: "127.0.0.1",
      opsPort: 3004,
      shutdownGraceSeconds: 25,
      logLevel: "info",
      tracing: "off",
      namespace: "default",
      namespaceMode: "shared",
      userNamespacePrefix: "repl-user-",
      userNamespaceTemplatePath: "./user-namespace.yaml",
      templatePath: "./service.yaml",
      concurrency: 10,
      leaseSeconds: 10,
      startTimeoutSeconds: 300,
      readyCheck: "deployment",
      addressTimeoutSeconds: 60,
      unschedulableGraceSeconds: 8,
      sweepIntervalSeconds: 30,
      idleTimeoutSeconds: 0,
      cleanupOnFailure: "delete",
    });
  });

  it("hold for empty variables, and the values are frozen", () => {
    const settings = loadApiSettings({ PORT: "", REDIS_URL: "", CORS_ORIGINS: "", WORKER_CONCURENCY: "" });
    expect(settings).toEqual(loadApiSettings({}));
    expect(Object.isFrozen(settings) && Object.isFrozen(settings.corsOrigins)).toBe(true);
    expect(Object.isFrozen(loadWorkerSettings({}))).toBe(true);
  });
});

describe("right values", () => {
  it.each([
    ["PORT", "0", { port: 0 }],
    ["PORT", "65535", { port: 65_535 }],
    ["HOST", "::1", { host: "::1" }],
    ["HOST", "127.9.9.9", { host: "127.9.9.9" }],
    ["OPS_HOST", "127.0.0.2", { opsHost: "127.0.0.2" }],
    ["TRUSTED_PROXIES", "10.0.0.0/8, ::1", { trustedProxies: ["10.0.0.0/8", "::1"] }],
    [
      "REDIS_URL",
      "rediss://user:p%40ss@redis.example.com:6380/2",
      { redisUrl: "rediss://user:p%40ss@redis.example.com:6380/2" },
    ],
    ["REDIS_URL", "redis+sentinel://s1,s2:26380/main/1", { redisUrl: "redis+sentinel://s1,s2:26380/main/1" }],
    ["REDIS_URL", "rediss+cluster://:p@n1:1,[::1]:2", { redisUrl: "rediss+cluster://:p@n1:1,[::1]:2" }],
    ["QUEUE_PREFIX", "app:{staging}", { queuePrefix: "app:{staging}" }],
    [
      "CORS_ORIGINS",
      "https://a.example, http://[::1]:8080",
      { corsOrigins: ["https://a.example", "http://[::1]:8080"] },
    ],
    ["MAX_OPEN_JOBS", "0", { maxOpenJobs: 0 }],
    ["LOG_LEVEL", "silent", { logLevel: "silent" }],
  ])("%s=%s", (variable, value, expected) => {
    expect(loadApiSettings({ [variable]: value })).toMatchObject(expected);
  });

  it("of the worker", () => {
    const env = {
      KUBECONFIG: "/etc/kubeconfig",
      WORKER_CONCURRENCY: "200",
      READY_CHECK: "url",
      CLEANUP_ON_FAILURE: "keep",
    };
    const expected = { kubeconfig: "/etc/kubeconfig", concurrency: 200, readyCheck: "url", cleanupOnFailure: "keep" };
    expect(loadWorkerSettings(env)).toMatchObject(expected);
  });
});

describe("a wrong value is refused by name, with what is expected", () => {
  it.each([
    ["PORT", "abc", 'expected a whole number from 0 to 65535, got "abc"'],
    ["PORT", "-1", "from 0 to 65535"],
    ["PORT", "70000", "from 0 to 65535"],
    ["PORT", "1e3", "from 0 to 65535"],
    ["PORT", " 80", "from 0 to 65535"],
    ["PORT", "080", "from 0 to 65535"],
    ["PORT", "80.5", "from 0 to 65535"],
    ["HOST", "a b", "an IP address or host name"],
    ["HOST", "http://x", "an IP address or host name"],
    ["QUEUE_PREFIX", "repls", "{hash tag}"],
    ["QUEUE_PREFIX", "{}", "{hash tag}"],
    ["QUEUE_PREFIX", "{a}{b}", "{hash tag}"],
    ["QUEUE_PREFIX", "{a b}", "{hash tag}"],
    ["CORS_ORIGINS", "*", "exact origins"],
    ["CORS_ORIGINS", "null", "exact origins"],
    ["CORS_ORIGINS", "http://localhost:3000/", "exact origins"],
    ["CORS_ORIGINS", "https://a.example,,https://b.example", "exact origins"],
    ["AUTH_MODE", "JWT", "`none`, `jwt`"],
    ["AUTH_CLOCK_TOLERANCE_SECONDS", "61", "from 0 to 60"],
    ["TRUSTED_PROXIES", "10.0.0.0/33", "IP addresses or ranges"],
    ["TRUSTED_PROXIES", "0.0.0.0/0", "IP addresses or ranges"],
    ["TRUSTED_PROXIES", "proxy.example.com", "IP addresses or ranges"],
    ["BOARD_WRITE", "true", "`0`, `1`"],
    ["LOG_LEVEL", "loud", "`info`"],
    ["MAX_OPEN_JOBS", "9".repeat(300), "a whole number"],
    ["SHUTDOWN_GRACE_SECONDS", "0", "from 1 to 3600"],
  ])("api: %s=%s", (variable, value, expected) => {
    const problems = problemsOf(() => loadApiSettings({ [variable]: value }));
    expect(Object.keys(problems)).toEqual([variable]);
    expect(problems[variable]).toContain(expected);
    expect(problems[variable]?.length).toBeLessThan(300);
  });

  it.each([
    ["WORKER_CONCURRENCY", "0"],
    ["WORKER_CONCURRENCY", "NaN"],
    ["WORKER_CONCURRENCY", "1e9"],
    ["WORKER_CONCURRENCY", "201"],
    ["NAMESPACE", "Repls"],
    ["NAMESPACE", "a\n"],
    ["KUBECONFIG", "a\0b"],
    ["READY_CHECK", "toString"],
    ["CLEANUP_ON_FAILURE", "maybe"],
    ["LEASE_SECONDS", "1"],
  ])("worker: %s=%s", (variable, value) => {
    expect(Object.keys(problemsOf(() => loadWorkerSettings({ [variable]: value })))).toEqual([variable]);
  });

  it("names every wrong variable at once, in the message too", () => {
    const load = () => loadApiSettings({ PORT: "x", HOST: "?", LOG_LEVEL: "loud", WORKER_CONCURENCY: "5" });
    expect(Object.keys(problemsOf(load))).toEqual(["LOG_LEVEL", "HOST", "PORT", "WORKER_CONCURENCY"]);
    for (const name of ["LOG_LEVEL", "HOST", "PORT", "WORKER_CONCURENCY"]) expect(load).toThrow(`${name}: `);
  });

  it.each([
    "http://user:hunter2@host",
    "redis://:hunter2@",
    "redis://:hunter2@host:port",
    "redis://:hunter2@host/x",
    "redis://host/0?password=hunter2",
    "redis://:hunter2@a,b",
    "redis+sentinel://:hunter2@s1,s2",
    "redis+cluster://:hunter2@n1/1",
    "hunter2",
  ])("REDIS_URL %s, without repeating what may be a password", (value) => {
    const load = () => loadWorkerSettings({ REDIS_URL: value });
    expect(problemsOf(load)).toHaveProperty("REDIS_URL");
    expect(load).not.toThrow("hunter2");
  });
});

describe("unknown variables", () => {
  it.each(["WORKER_CONCURENCY", "CORS_ORIGIN", "OPS_PROT", "QUEUE_NAME"])("%s is refused", (name) => {
    expect(problemsOf(() => loadApiSettings({ [name]: "x" }))).toEqual({ [name]: "there is no such setting" });
    expect(problemsOf(() => loadWorkerSettings({ [name]: "x" }))).toEqual({ [name]: "there is no such setting" });
  });

  it("of other programs, of the other process and of Kubernetes pass", () => {
    const env = {
      PATH: "x",
      JOB_NAME: "ci",
      WORKER_SERVICE_HOST: "10.0.0.1",
      WORKER_PORT: "tcp://10.0.0.1:80",
      WORKER_PORT_80_TCP_ADDR: "x",
    };
    expect(loadApiSettings({ ...env, WORKER_CONCURRENCY: "20" })).toEqual(loadApiSettings({}));
    expect(loadWorkerSettings({ ...env, CORS_ORIGINS: "https://a.example" })).toEqual(loadWorkerSettings({}));
  });
});

describe("settings that do not go together", () => {
  it.each(["0.0.0.0", "::", "10.1.2.3", "api.example.com", "localhost.example.com"])(
    "HOST=%s needs AUTH_MODE",
    (HOST) => {
      expect(problemsOf(() => loadApiSettings({ HOST }))).toHaveProperty("AUTH_MODE");
      expect(problemsOf(() => loadApiSettings({ HOST, AUTH_MODE: "" }))).toHaveProperty("AUTH_MODE");
      expect(loadApiSettings({ HOST, AUTH_MODE: "none" }).host).toBe(HOST);
    },
  );

  it("OPS_HOST beyond loopback needs AUTH_MODE too, since the dashboard is there", () => {
    expect(problemsOf(() => loadApiSettings({ OPS_HOST: "0.0.0.0" }))).toHaveProperty("AUTH_MODE");
    expect(loadApiSettings({ OPS_HOST: "0.0.0.0", AUTH_MODE: "none" }).opsHost).toBe("0.0.0.0");
    expect(loadWorkerSettings({ OPS_HOST: "0.0.0.0" }).opsHost).toBe("0.0.0.0");
  });

  it("PORT and OPS_PORT on one host", () => {
    expect(problemsOf(() => loadApiSettings({ PORT: "3003" }))).toHaveProperty("OPS_PORT");
    expect(loadApiSettings({ PORT: "0", OPS_PORT: "0" })).toMatchObject({ port: 0, opsPort: 0 });
  });
});

describe("AUTH_MODE=jwt", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const secret = "a secret of at least thirty-two bytes";
  const jwt = { AUTH_MODE: "jwt", AUTH_ISSUER: "https://id.example.com/", AUTH_AUDIENCE: "repls" };

  it.each([
    ["AUTH_JWKS_URL", "https://id.example.com/jwks.json"],
    ["AUTH_JWKS_URL", "http://127.0.0.1:8080/jwks.json"],
    ["AUTH_JWKS_URL", "http://[::1]:8080/jwks.json"],
    ["AUTH_PUBLIC_KEY", publicKey],
    ["AUTH_PUBLIC_KEY", publicKey.replaceAll("\n", "\\n")],
    ["AUTH_SECRET", secret],
  ])("with %s=%s", (variable, value) => {
    expect(loadApiSettings({ ...jwt, [variable]: value }).authMode).toBe("jwt");
  });

  it.each([
    ["no key", {}, "AUTH_JWKS_URL"],
    ["two keys", { AUTH_SECRET: secret, AUTH_PUBLIC_KEY: publicKey }, "AUTH_SECRET"],
    ["no issuer", { AUTH_SECRET: secret, AUTH_ISSUER: "" }, "AUTH_ISSUER"],
    ["no audience", { AUTH_SECRET: secret, AUTH_AUDIENCE: "" }, "AUTH_AUDIENCE"],
    ["a short secret", { AUTH_SECRET: "hunter2" }, "AUTH_SECRET"],
    ["a private key", { AUTH_PUBLIC_KEY: privateKey }, "AUTH_PUBLIC_KEY"],
    ["a cut-off key", { AUTH_PUBLIC_KEY: publicKey.slice(0, 60) }, "AUTH_PUBLIC_KEY"],
    ["keys over plain HTTP", { AUTH_JWKS_URL: "http://id.example.com/jwks.json" }, "AUTH_JWKS_URL"],
    ["a public key as a secret", { AUTH_PUBLIC_KEY: publicKey, AUTH_ALGORITHMS: "ES256,HS256" }, "AUTH_ALGORITHMS"],
    ["a secret as a key", { AUTH_SECRET: secret, AUTH_ALGORITHMS: "RS256" }, "AUTH_ALGORITHMS"],
    ["no signature", { AUTH_SECRET: secret, AUTH_ALGORITHMS: "none" }, "AUTH_ALGORITHMS"],
    ["a key without authentication", { AUTH_MODE: "none", AUTH_SECRET: secret, AUTH_ISSUER: "" }, "AUTH_SECRET"],
  ])("refuses %s", (_what, env, variable) => {
    const load = () => loadApiSettings({ ...jwt, ...env });
    expect(Object.keys(problemsOf(load))).toContain(variable);
    expect(load).not.toThrow("hunter2");
    expect(load).not.toThrow("PRIVATE KEY-----\\n");
  });
});

describe("tracing", () => {
  const on = { TRACING: "otlp" };

  it.each([
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "http://host"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:canary@collector", "http://host"],
    ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://collector", "http://host"],
    ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/protobuf"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "authorization: canary", "name=value pairs"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "authorization=%canary", "name=value pairs"],
    ["OTEL_RESOURCE_ATTRIBUTES", "production", "name=value pairs"],
    ["OTEL_TRACES_SAMPLER", "sometimes", "parentbased_always_on"],
    ["OTEL_TRACES_SAMPLER_ARG", "0.5", "neither traceidratio"],
    ["OTEL_BSP_SCHEDULE_DELAY", "5s", "a whole number"],
  ])("refuses %s=%s in both processes, without repeating it", (variable, value, message) => {
    for (const load of [loadApiSettings, loadWorkerSettings]) {
      const problems = problemsOf(() => load({ ...on, [variable]: value }));
      expect(problems).toEqual({ [variable]: expect.stringContaining(message) });
      expect(JSON.stringify(problems)).not.toContain("canary");
    }
  });

  it.each(["1.5", "-1", "half", "1."])("refuses a share of %s", (share) => {
    const env = { ...on, OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: share };
    expect(problemsOf(() => loadWorkerSettings(env))).toEqual({ OTEL_TRACES_SAMPLER_ARG: expect.any(String) });
  });

  it("takes the standard variables", () => {
    const env = {
      ...on,
      OTEL_SERVICE_NAME: "ide",
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector.example.com/otlp",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Basic%20dXNlcg==,x-team=ide",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=staging, service.version=1.2",
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.25",
    };
    const expected = {
      tracing: "otlp",
      otelServiceName: "ide",
      otelSampler: "parentbased_traceidratio",
      otelSamplerArg: "0.25",
    };
    expect(loadApiSettings(env)).toMatchObject(expected);
    expect(loadWorkerSettings(env)).toMatchObject(expected);
  });

  it("off, does not care what a platform sets for every process", () => {
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc", OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" };
    expect(loadApiSettings(env)).toMatchObject({ tracing: "off" });
  });
});

describe("namespaces of users", () => {
  const problemOf = (env: Record<string, string>) => {
    try {
      return loadWorkerSettings(env).namespaceMode;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const perUser = { NAMESPACE_MODE: "per-user" };

  it.each([
    ["without a hyphen at its end", "repl"],
    ["beside the cluster's own", "kube-"],
    ["longer than leaves room for a hash", `${"a".repeat(29)}-`],
    ["upper case", "Repl-"],
    ["a hyphen alone", "-"],
  ])("a prefix %s is refused", (_, value) => {
    expect(problemOf({ ...perUser, USER_NAMESPACE_PREFIX: value })).toContain("USER_NAMESPACE_PREFIX: expected");
  });

  it("a prefix as long as it may be is taken", () => {
    expect(problemOf({ ...perUser, USER_NAMESPACE_PREFIX: `${"a".repeat(28)}-` })).toBe("per-user");
  });

  it("NAMESPACE must not be one of them, in that mode", () => {
    expect(problemOf({ ...perUser, NAMESPACE: "repl-user-x" })).toContain(
      "NAMESPACE: must not begin with USER_NAMESPACE_PREFIX",
    );
    expect(problemOf({ NAMESPACE: "repl-user-x" })).toBe("shared");
  });

  it("Secrets that nothing would be done with are refused", () => {
    expect(problemOf({ USER_NAMESPACE_SECRETS_PATH: "/a" })).toContain(
      "USER_NAMESPACE_SECRETS_PATH: is set, but NAMESPACE_MODE is `shared`",
    );
    expect(problemOf({ ...perUser, USER_NAMESPACE_SECRETS_PATH: "/a" })).toBe("per-user");
  });
});

describe("settings of Redis that do not go together", () => {
  const sentinel = "redis+sentinel://s1/main";
  it.each([
    [{ REDIS_CA_PATH: "ca.crt" }, "REDIS_CA_PATH"],
    [{ REDIS_URL: sentinel, REDIS_CA_PATH: "ca.crt" }, "REDIS_CA_PATH"],
    [{ REDIS_SENTINEL_PASSWORD: "hunter2" }, "REDIS_SENTINEL_PASSWORD"],
    [{ REDIS_SENTINEL_USERNAME: "u", REDIS_SENTINEL_PASSWORD: "hunter2" }, "REDIS_SENTINEL_USERNAME"],
    [{ REDIS_URL: sentinel, REDIS_SENTINEL_USERNAME: "u" }, "REDIS_SENTINEL_PASSWORD"],
  ])("%j", (env, variable) => {
    for (const load of [loadApiSettings, loadWorkerSettings]) {
      const problems = problemsOf(() => load(env));
      expect(problems).toHaveProperty(variable);
      expect(JSON.stringify(problems)).not.toContain("hunter2");
    }
  });

  it("and those that do", () => {
    const env = { REDIS_URL: "rediss+sentinel://s1/main", REDIS_CA_PATH: "ca.crt", REDIS_SENTINEL_PASSWORD: "p" };
    expect(loadWorkerSettings(env)).toMatchObject({ redisCaPath: "ca.crt", redisSentinelPassword: "p" });
  });
});

import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type ApiClient, listResources, startProcess } from "@repl/testkit";
import { missingTestCluster } from "@repl/testkit/vitest";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPrivateCluster } from "./provisioning/support/private-cluster.ts";
import { GATEWAY_API, installCustomKinds } from "./support/custom-kinds.ts";
import { startSystem } from "./support/system.ts";
import { openSimulator, type Target } from "./support/targets.ts";

const FOLDER = fileURLToPath(new URL("../examples/", import.meta.url));

interface Example {
  readonly file: string;
  /** The workload first, the rest in the template's order. */
  readonly resources: readonly string[];
  readonly urls: readonly string[];
  /** What a stop leaves. */
  readonly kept: readonly string[];
}

const HOSTS = ["http://repl123.peetcode.com", "http://repl123.autogpt-cloud.com"];
const EXAMPLES: readonly Example[] = [
  {
    file: "gateway-api.yaml",
    resources: ["Deployment/repl123", "Service/repl123", "HTTPRoute/repl123-ws", "HTTPRoute/repl123-user"],
    urls: HOSTS,
    kept: [],
  },
  {
    file: "localhost.yaml",
    resources: ["Deployment/repl123", "Service/repl123", "Ingress/repl123"],
    urls: ["http://repl123.localhost:30080"],
    kept: [],
  },
  {
    file: "path-routing.yaml",
    resources: ["Deployment/repl123", "Service/repl123", "HTTPRoute/repl123"],
    urls: ["http://localhost:30080/alice/repl123/ws", "http://localhost:30080/alice/repl123"],
    kept: [],
  },
  {
    file: "persistent-volume.yaml",
    resources: [
      ...["Deployment/repl123", "PersistentVolumeClaim/repl123"],
      ...["Service/repl123", "Ingress/repl123-ingress"],
    ],
    urls: HOSTS,
    kept: ["PersistentVolumeClaim/repl123"],
  },
];

/** A volume for the one claim: neither cluster makes volumes by itself. */
const VOLUME = {
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name: "repl123" },
  spec: {
    capacity: { storage: "1Gi" },
    accessModes: ["ReadWriteOnce"],
    hostPath: { path: "/tmp/repl123", type: "DirectoryOrCreate" },
  },
};

async function openCluster(): Promise<Target> {
  const cluster = await openPrivateCluster();
  await installCustomKinds(cluster.api, [GATEWAY_API]);
  const { status } = await cluster.api.request("POST", "/api/v1/persistentvolumes", VOLUME);
  expect(status).toBe(201);
  return cluster;
}

const CLUSTERS = [
  { name: "simulator", missing: () => undefined, open: () => openSimulator({ gatewayApi: true }) },
  { name: "real control plane", missing: missingTestCluster, open: openCluster },
];

async function httpRoutes(api: ApiClient, namespace: string): Promise<string[]> {
  const { items } = await api.get(`/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`);
  return items.map(({ metadata }: { metadata: { name: string } }) => `HTTPRoute/${metadata.name}`);
}

/** The resources of a namespace that its controllers did not make, sorted. */
async function resourcesOf(api: ApiClient, namespace: string): Promise<string[]> {
  const found = [...(await listResources(api, namespace)), ...(await httpRoutes(api, namespace))];
  return found.filter((subject) => !/^(Pod|ReplicaSet)\//.test(subject)).sort();
}

/** Who tests the examples that are no templates. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "back-end-service-token.ts": "examples.test.ts",
  "external-redis": "deploy/manifests.test.ts",
  "front-end-polling.html": "front-end.test.ts",
  "front-end-streaming.html": "front-end.test.ts",
  "per-user-namespaces": "deploy/manifests.test.ts",
  "scaling-by-keda": "deploy/manifests.test.ts",
};

test("every example is tested", () => {
  const known = [...EXAMPLES.map(({ file }) => file), ...Object.keys(ELSEWHERE)];
  expect(readdirSync(FOLDER).sort()).toEqual(known.sort());
  for (const [name, test] of Object.entries(ELSEWHERE))
    expect(readFileSync(new URL(test, import.meta.url), "utf8"), name).toContain(
      name.replace(/(polling|streaming)\.html/, "%s.html"),
    );
});

test("back-end-service-token.ts starts a repl for a user, and says why one fails", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "token-"));
  try {
    const secret = randomBytes(32).toString("hex");
    const claims = new SignJWT({ iss: "examples", aud: "examples", sub: "ide", scope: "service" }).setExpirationTime(
      "5m",
    );
    const token = await claims.setProtectedHeader({ alg: "HS256" }).sign(Buffer.from(secret));
    await writeFile(join(folder, "token"), `${token}\n`);
    await using target = await openSimulator();
    const auth = { AUTH_MODE: "jwt", AUTH_SECRET: secret, AUTH_ISSUER: "examples", AUTH_AUDIENCE: "examples" };
    await using system = await startSystem(target, { env: auth });
    const env = { REPL_URL: system.apis[0]?.url ?? "", REPL_TOKEN_PATH: join(folder, "token") };
    const start = async (replId: string) => {
      const args = [join(FOLDER, "back-end-service-token.ts"), "alice", replId];
      await using example = await startProcess({ name: "example", command: process.execPath, args, env });
      const { code } = await example.exited;
      return { code, lines: example.output.lines() };
    };
    const started = await start("hello");
    expect(started.lines.at(-1)).toBe("alice: http://hello.peetcode.com");
    expect(started.code).toBe(0);
    const failed = await start("fail-image-1");
    expect(failed.lines.at(-1)).toMatch(/^image_pull_failed: /);
    expect(failed.code).toBe(1);
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe.each(CLUSTERS)("on the $name", ({ missing, open }) => {
  describe.skipIf(missing())("the examples", () => {
    let target: Target;

    beforeAll(async () => {
      target = await open();
    });
    afterAll(() => target?.[Symbol.asyncDispose]());

    test.concurrent.each(EXAMPLES)(
      "$file: started, started again, stopped and started once more",
      { timeout: 120_000 },
      async (example) => {
        await using system = await startSystem(target, { env: { TEMPLATE_PATH: `${FOLDER}${example.file}` } });
        const start = async () => {
          const { state, urls, error, resources } = await system.ended(await system.submit("start", "repl123"));
          expect({ state, urls, error }).toEqual({ state: "completed", urls: example.urls, error: null });
          return resources.map(({ kind, name, action, ready }) => `${kind}/${name} ${action} ${ready}`);
        };
        const stop = async () => {
          const { state, resources } = await system.ended(await system.submit("stop", "repl123"));
          expect(state).toBe("completed");
          expect(resources.map(({ action }) => action)).toEqual(
            example.resources.filter((name) => !example.kept.includes(name)).map(() => "deleted"),
          );
          expect(await resourcesOf(target.api, system.namespace)).toEqual(example.kept);
        };
        const did = (action: (subject: string) => string) =>
          example.resources.map((subject) => `${subject} ${action(subject)} true`);

        expect(await start()).toEqual(did(() => "created"));
        expect(await resourcesOf(target.api, system.namespace)).toEqual([...example.resources].sort());
        expect(await start()).toEqual(did(() => "unchanged"));
        await stop();
        expect(await start()).toEqual(did((subject) => (example.kept.includes(subject) ? "unchanged" : "created")));
        await stop();
      },
    );
  });
});

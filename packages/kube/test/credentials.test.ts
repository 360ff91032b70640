import { rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { createAuthority } from "@repl/testkit";
import { beforeEach, describe, expect, it } from "vitest";
import { loadCredentials } from "../src/credentials/credentials.ts";
import { temporaryFolder } from "./support/cleanup.ts";
import { failure } from "./support/wait.ts";

const SECRET = "s3cr3t-token-value";
const environment = {};
const authority = createAuthority("authority");
const client = authority.issue("client");
const base64 = (text: string) => Buffer.from(text).toString("base64");

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

const file = async (name: string, content: string) => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};

function config(cluster: object, user: object | undefined, rest: object = {}) {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "here",
    contexts: [{ name: "here", context: { cluster: "c", namespace: "n", ...(user ? { user: "u" } : {}) } }],
    clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1/", ...cluster } }],
    ...(user ? { users: [{ name: "u", user }] } : {}),
    ...rest,
  });
}

const load = async (cluster: object, user?: object, rest: object = {}) =>
  loadCredentials({ kubeconfig: await file("config", config(cluster, user, rest)), environment });

describe("a kubeconfig", () => {
  it("yields server, namespace, authority and token", async () => {
    const credentials = await load({ "certificate-authority-data": base64(authority.ca) }, { token: SECRET });
    expect(credentials).toMatchObject({ server: "https://127.0.0.1:1", namespace: "n" });
    expect(await credentials.access()).toEqual({
      headers: { authorization: `Bearer ${SECRET}` },
      tls: { ca: authority.ca },
      tlsRevision: 1,
    });
  });

  it("reads files from where it stands itself", async () => {
    await file("ca.pem", authority.ca);
    await file("cert.pem", client.cert);
    await file("key.pem", client.key);
    const credentials = await load(
      { "certificate-authority": "ca.pem", "tls-server-name": "kubernetes" },
      { "client-certificate": "cert.pem", "client-key": "key.pem" },
    );
    const { tls, headers } = await credentials.access();
    expect(tls).toEqual({ ca: authority.ca, cert: client.cert, key: client.key, servername: "kubernetes" });
    expect(headers).toEqual({});
  });

  it.each([
    ["basic authentication", { username: "u", password: "p" }, { authorization: `Basic ${base64("u:p")}` }],
    ["impersonation", { token: "t", as: "somebody" }, { authorization: "Bearer t", "impersonate-user": "somebody" }],
    ["nobody", {}, {}],
    ["no user", undefined, {}],
  ])("speaks as %s", async (_, user, headers) => {
    expect((await (await load({}, user)).access()).headers).toEqual(headers);
  });

  it("may turn verification off, and may be plain http", async () => {
    expect((await (await load({ "insecure-skip-tls-verify": true })).access()).tls).toEqual({
      rejectUnauthorized: false,
    });
    expect((await load({ server: "http://127.0.0.1:8080" })).server).toBe("http://127.0.0.1:8080");
  });

  it("merges several files as kubectl does: the first of a name wins, missing ones are passed over", async () => {
    const first = await file("first", config({}, undefined, { contexts: [], "current-context": "there" }));
    const second = await file(
      "second",
      config(
        { server: "https://second:1" },
        { token: SECRET },
        {
          contexts: [{ name: "there", context: { cluster: "c", user: "u" } }],
          "current-context": "ignored",
        },
      ),
    );
    const kubeconfig = [join(folder, "missing"), first, second].join(delimiter);
    const credentials = await loadCredentials({ kubeconfig, environment });
    expect(credentials.server).toBe("https://127.0.0.1:1");
    expect((await credentials.access()).headers).toEqual({ authorization: `Bearer ${SECRET}` });
  });

  it("takes another context than the current one", async () => {
    const kubeconfig = await file("config", config({}, undefined));
    const found = failure(loadCredentials({ kubeconfig, context: "elsewhere", environment }));
    expect((await found).message).toBe(`kubeconfig ${kubeconfig}: context "elsewhere" is not defined`);
  });
});

describe("what is wrong with a kubeconfig is said without its secrets", () => {
  const user = { token: SECRET };
  it.each<[string, string, string | RegExp]>([
    ["empty", "", "is empty or cut short"],
    ["text", "just words", "is empty or cut short"],
    ["no YAML", `users: [{name: u, user: {token: ${SECRET}`, /no valid YAML at line 1, column \d+/],
    ["an alias bomb", `a: &a [${"x,".repeat(9)}x]\n${bomb()}`, "too many or unresolved YAML aliases"],
    ["without a context", config({}, user, { "current-context": "" }), "no current-context is set"],
    ["with an unknown context", config({}, user, { "current-context": "x" }), 'context "x" is not defined'],
    ["with an unknown user", config({}, user, { users: [] }), 'user "u" is not defined'],
    ["with an unknown cluster", config({}, user, { clusters: [] }), 'cluster "c" is not defined'],
    ["cut off before its clusters", config({}, user, { clusters: null }), 'cluster "c" is not defined'],
    ["with users as a map", config({}, user, { users: { u: user } }), "users is not a list"],
    ["with a user without a name", config({}, user, { users: [{ user }] }), "users[0].name is missing"],
    ["with a cluster cut off", config({}, user, { clusters: [{ name: "c" }] }), "clusters[c].cluster is missing"],
    ["without a server", config({ server: "" }, user), "clusters[c].cluster.server is missing"],
    ["with an odd server", config({ server: "ftp://x" }, user), "cluster.server is no http or https address"],
    ["with an odd proxy", config({ "proxy-url": "socks5://x" }, user), "proxy-url is no http or https address"],
    [
      "with broken base64",
      config({ "certificate-authority-data": "LS0tLS1CR" }, user),
      "certificate-authority-data is no base64",
    ],
    [
      "with half a certificate",
      config({ "certificate-authority-data": base64(authority.ca.slice(0, 200)) }, user),
      "certificate-authority: holds no certificate in PEM, or is cut short",
    ],
    [
      "with a wrong certificate",
      config({ "certificate-authority-data": base64(authority.ca.replace(/MI..../, "AAAAAA")) }, user),
      "certificate-authority: certificate 1 cannot be read",
    ],
    ["without the key", config({}, { "client-certificate-data": base64(client.cert) }), "client-key: is missing"],
    [
      "with another's key",
      config(
        {},
        { "client-certificate-data": base64(client.cert), "client-key-data": base64(authority.issue("x").key) },
      ),
      "client-key: is no key in PEM, or not the client certificate's",
    ],
    [
      "with a missing CA file",
      config({ "certificate-authority": "nowhere.pem" }, user),
      /certificate-authority .*nowhere\.pem: no such file/,
    ],
    ["with a missing token file", config({}, { tokenFile: "nowhere" }), /token .*nowhere: no such file/],
    ["with groups to impersonate", config({}, { ...user, as: "x", "as-groups": ["g"] }), "as-groups is not supported"],
    [
      "with a plugin without a command",
      config({}, { exec: { args: [SECRET] } }),
      "users[u].user.exec.command is missing",
    ],
    [
      "with a retired auth provider",
      config({}, { "auth-provider": { name: "gcp", config: { "access-token": SECRET } } }),
      'auth-provider "gcp" is not supported; use an exec plugin',
    ],
  ])("%s", async (_, text, message) => {
    const kubeconfig = await file("config", text);
    const found = await failure(loadCredentials({ kubeconfig, environment }));
    expect(found.name).toBe("CredentialsError");
    if (typeof message === "string") expect(found.message).toContain(message);
    else expect(found.message).toMatch(message);
    expect(found.message).toContain(kubeconfig);
    expect(`${found.message}${found.stack}${JSON.stringify(found.cause)}`).not.toContain(SECRET);
  });

  function bomb(): string {
    return Array.from({ length: 9 }, (_, n) => {
      const [name, from] = ["bcdefghij"[n], "abcdefghi"[n]];
      return `${name}: &${name} [${Array(9).fill(`*${from}`).join(",")}]`;
    }).join("\n");
  }

  it.each([
    ["a missing file", () => join(folder, "nowhere"), "nowhere: no such file"],
    ["a folder", () => folder, "is a directory"],
    ["nothing", () => delimiter, "KUBECONFIG names no file"],
    ["missing files only", () => [join(folder, "a"), join(folder, "b")].join(delimiter), "none of the files exists"],
  ])("%s", async (_, value, message) => {
    const found = await failure(loadCredentials({ kubeconfig: value(), environment }));
    expect(found.message).toContain(message);
  });
});

describe("files that change", () => {
  it("are read again after a minute, and not before", async () => {
    let now = 0;
    const token = await file("token", `${SECRET}-1\n`);
    const kubeconfig = await file("config", config({}, { tokenFile: token }));
    const credentials = await loadCredentials({ kubeconfig, environment }, () => now);
    const first = await credentials.access();
    await file("token", `${SECRET}-2`);
    now = 59_999;
    expect(await credentials.access()).toBe(first);
    now = 60_000;
    expect((await credentials.access()).headers).toEqual({ authorization: `Bearer ${SECRET}-2` });
  });

  it("are read at once after a 401, once for all who were refused, and yield the same value when unchanged", async () => {
    const token = await file("token", "1");
    const credentials = await load({}, { tokenFile: token });
    const refused = await credentials.access();
    expect(await credentials.reload(refused)).toBe(refused);
    await file("token", "2");
    const [renewed, other] = await Promise.all([credentials.reload(refused), credentials.reload(refused)]);
    expect(renewed).toBe(other);
    expect(renewed).toMatchObject({ headers: { authorization: "Bearer 2" }, tlsRevision: 1 });
    await file("token", "3");
    expect(await credentials.reload(refused), "refused before the renewal").toBe(renewed);
  });

  it("count as a new revision when they are TLS material", async () => {
    await file("ca.pem", authority.ca);
    const credentials = await load({ "certificate-authority": "ca.pem" }, { token: SECRET });
    const before = await credentials.access();
    const other = createAuthority("another");
    await file("ca.pem", other.ca);
    expect(await credentials.reload(before)).toMatchObject({ tls: { ca: other.ca }, tlsRevision: 2 });
  });

  it("hold their last content while they are missing, empty or half written", async () => {
    await file("ca.pem", authority.ca);
    const token = await file("token", SECRET);
    const credentials = await load({ "certificate-authority": "ca.pem" }, { tokenFile: token });
    const good = await credentials.access();
    await file("ca.pem", authority.ca.slice(0, 100));
    expect(await credentials.reload(good)).toBe(good);
    await file("ca.pem", authority.ca);
    await file("token", "\n");
    expect(await credentials.reload(good)).toBe(good);
    await rm(token);
    expect(await credentials.reload(good)).toBe(good);
  });
});

describe("in a cluster", () => {
  const pod = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };

  it("speaks as the pod's service account", async () => {
    await file("ca.crt", authority.ca);
    await file("token", SECRET);
    await file("namespace", "team-a\n");
    const credentials = await loadCredentials({ inCluster: true, environment: pod, directory: folder });
    expect(credentials).toMatchObject({ server: "https://10.0.0.1:443", namespace: "team-a" });
    expect(await credentials.access()).toMatchObject({
      headers: { authorization: `Bearer ${SECRET}` },
      tls: { ca: authority.ca },
    });
  });

  it("takes IPv6", async () => {
    await file("ca.crt", authority.ca);
    await file("token", SECRET);
    const environment = { ...pod, KUBERNETES_SERVICE_HOST: "fd00::1" };
    const credentials = await loadCredentials({ inCluster: true, environment, directory: folder });
    expect(credentials.server).toBe("https://[fd00::1]:443");
  });

  it("says what is missing", async () => {
    expect((await failure(loadCredentials({ inCluster: true, environment }))).message).toContain(
      "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set",
    );
    const found = await failure(loadCredentials({ inCluster: true, environment: pod, directory: folder }));
    expect(found.message).toMatch(/^in-cluster: .*: no such file$/);
  });
});

describe("a bare server", () => {
  it("needs nothing", async () => {
    const credentials = await loadCredentials({ server: "http://127.0.0.1:8080/" });
    expect(credentials.server).toBe("http://127.0.0.1:8080");
    expect(await credentials.access()).toEqual({ headers: {}, tls: {}, tlsRevision: 1 });
    expect((await failure(loadCredentials({ server: "nonsense" }))).message).toBe("server is no http or https address");
  });
});

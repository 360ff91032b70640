import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createAuthority } from "@repl/testkit";
import { expect, it } from "vitest";
import { createKubeClient } from "../src/client.ts";
import { loadCredentials } from "../src/credentials/credentials.ts";
import type { KubeError } from "../src/errors/kube-error.ts";
import { KINDS } from "../src/kinds.ts";
import { type ApiServer, answer, type Script, status } from "./support/api-server.ts";
import { after, serve, temporaryFolder } from "./support/cleanup.ts";
import { failure } from "./support/wait.ts";

/** Accepts one token, in calls and watches. */
const accepting =
  (token: () => string): Script =>
  (request, response) => {
    const given = request.headers["authorization"];
    if (given !== `Bearer ${token()}`) return answer(response, 401, status(401, "Unauthorized", "Unauthorized"));
    answer(response, 200, { type: "BOOKMARK", object: { metadata: { resourceVersion: "1" } }, gitVersion: "v1" });
  };

async function clientWithFiles(server: Pick<ApiServer, "url" | "authority">) {
  const folder = await temporaryFolder();
  const write = (name: string, content: string) => writeFile(join(folder, name), content);
  await write("ca.crt", server.authority.ca);
  await write("token", "old");
  await write(
    "config",
    JSON.stringify({
      "current-context": "x",
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      clusters: [{ name: "c", cluster: { server: server.url, "certificate-authority": "ca.crt" } }],
      users: [{ name: "u", user: { tokenFile: "token" } }],
    }),
  );
  const credentials = await loadCredentials({ kubeconfig: join(folder, "config"), environment: {} });
  const client = createKubeClient({ credentials, fieldManager: "test" });
  after(() => client.close());
  return { client, write };
}

it("sends a call that met a 401 once more with a token that was renewed", async () => {
  let token = "old";
  const server = await serve(accepting(() => token));
  const { client, write } = await clientWithFiles(server);
  await client.serverVersion();
  token = "new";
  await write("token", "new");
  await Promise.all([client.serverVersion(), client.serverVersion()]);
  expect(server.requests).toHaveLength(5);
  expect(server.accepted, "the connection stays").toBe(1);
});

it("opens a watch that met a 401 once more with a token that was renewed", async () => {
  let token = "old";
  const server = await serve(accepting(() => token));
  const { client, write } = await clientWithFiles(server);
  token = "new";
  await write("token", "new");
  const types: string[] = [];
  for await (const { type } of client.watch(KINDS.Pod)) types.push(type);
  expect(types).toEqual(["BOOKMARK"]);
});

it("gives up on a 401 at once when there is no other token", async () => {
  const server = await serve(accepting(() => "another"));
  const { client } = await clientWithFiles(server);
  expect(await failure<KubeError>(client.serverVersion())).toMatchObject({ class: "unauthenticated", status: 401 });
  expect(server.requests).toHaveLength(1);
});

it("follows a rotated authority, when TLS fails and not before", async () => {
  const script = accepting(() => "old");
  const old = await serve(script);
  const { client, write } = await clientWithFiles(old);
  await client.serverVersion();
  await old.close();
  const authority = createAuthority("rotated");
  const next = await serve(script, { authority, port: old.port });
  expect(await failure<KubeError>(client.serverVersion())).toMatchObject({ code: "tls_failed", sent: "no" });
  await write("ca.crt", authority.ca);
  expect(await client.serverVersion()).toMatchObject({ gitVersion: "v1" });
  expect(next.requests).toHaveLength(1);
  for await (const { type } of client.watch(KINDS.Pod)) expect(type).toBe("BOOKMARK");
});

it("refuses a server whose certificate nobody vouches for", async () => {
  const server = await serve(accepting(() => "old"));
  const { client } = await clientWithFiles({ ...server, authority: createAuthority("stranger") });
  const found = await failure<KubeError>(client.serverVersion());
  expect(found).toMatchObject({ class: "retry", code: "tls_failed", sent: "no" });
  expect(found.maxTries).toBeGreaterThan(0);
  expect(server.requests).toEqual([]);
});

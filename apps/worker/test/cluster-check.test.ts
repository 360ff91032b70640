import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createKubeClient, loadCredentials } from "@repl/kube";
import { openClusterView } from "@repl/provision";
import { waitFor } from "@repl/testkit";
import { expect, test } from "vitest";
import { createClusterCheck } from "../src/cluster-check.ts";

const REFUSED = 'deployments.apps is forbidden: User "worker" cannot list resource "deployments" at the cluster scope';
const FORBIDDEN = { kind: "Status", status: "Failure", code: 403, reason: "Forbidden", message: REFUSED };

/** What readiness says, and the log, while the API server refuses every list. */
async function sayingsOf(namespace: string | undefined): Promise<{ check: string; logged: string }> {
  const server = createServer((request, response) => {
    const isRefused = request.url !== "/version";
    response.writeHead(isRefused ? 403 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(isRefused ? FORBIDDEN : { gitVersion: "v1.34.0" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const credentials = await loadCredentials({ server: `http://127.0.0.1:${port}` });
  const client = createKubeClient({ credentials, fieldManager: "test" });
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const view = openClusterView({ client, namespace, workload: "Deployment", onError });
  try {
    await waitFor(() => errors.length >= 2, { what: "both lists to be refused" });
    const check = await createClusterCheck(client, view)().then(
      () => "ok",
      (error: Error) => error.message,
    );
    return { check, logged: errors.map((error) => (error as Error).message).join("\n") };
  } finally {
    await view.stop();
    await client.close();
    server.close();
  }
}

test("a worker that may not look at the whole cluster, as it has to, says so and what it needs", async () => {
  const { check, logged } = await sayingsOf(undefined);
  expect(check).toContain("the watch on Deployment is down");
  for (const said of [check, logged]) {
    expect(said).toContain(REFUSED);
    expect(said).toContain("users' namespaces: give it the ClusterRole (docs/isolation.md)");
  }
});

test("one that may not look at its namespace says that alone", async () => {
  const { check } = await sayingsOf("repls");
  expect(check).toContain(REFUSED);
  expect(check).not.toContain("ClusterRole");
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NO_DELAYS, startSimulator } from "@repl/simulator";
import { createApiClient } from "@repl/testkit";
import { expect, test } from "vitest";
import { secretsFolder } from "./support/secrets-folder.ts";
import { startUsersSystem } from "./support/users.ts";

test("a namespace costs its calls once; later starts of its user write three resources and read the Namespace", async () => {
  await using stack = new AsyncDisposableStack();
  const simulator = await startSimulator({ tls: true, delays: NO_DELAYS });
  stack.defer(() => simulator.close());
  const folder = await mkdtemp(join(tmpdir(), "counts-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const [kubeconfigPath, caPath] = [join(folder, "kubeconfig"), join(folder, "ca.crt")];
  await Promise.all([simulator.writeKubeconfig(kubeconfigPath), writeFile(caPath, simulator.ca ?? "")]);
  const api = await createApiClient({ server: simulator.url, caPath, token: simulator.token });
  stack.defer(() => api.close());
  const secrets = stack.use(await secretsFolder());
  await secrets.write("repl-s3-credentials", { "access-key-id": "a" });
  const env = { USER_NAMESPACE_SECRETS_PATH: secrets.path, SWEEP_INTERVAL_SECONDS: "3600" };
  const target = { kubeconfigPath, api, [Symbol.asyncDispose]: async () => {} };
  const system = stack.use(await startUsersSystem(target, { env }));
  const home = `${system.namePrefix}alice`;

  const callsOf = async (replId: string): Promise<string[]> => {
    const after = simulator.audit.entries({}).at(-1)?.number ?? 0;
    expect(await system.order("start", "alice", replId)).toMatchObject({ state: "completed" });
    return simulator.audit
      .entries({ after, userAgent: "repl-orchestrator" })
      .filter(({ verb }) => verb !== "list" && verb !== "watch") // Those are the sweep's and the view's.
      .map(({ verb, subject }) => `${verb} ${subject}`);
  };

  const first = await callsOf("first");
  expect(first).toContain("create Namespace/");
  expect(first).toContain(`patch Secret/${home}/repl-s3-credentials`);
  // A Namespace and six resources in it, a Secret, and the repl's three.
  expect(first).toHaveLength(1 + 6 + 1 + 3);
  expect(await callsOf("second")).toEqual([
    // It may be a namesake of the one that was seen complete.
    `get Namespace/${home}`,
    `create Deployment/${home}/`,
    `create Service/${home}/`,
    `create Ingress/${home}/`,
  ]);
});

import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listResources } from "@repl/testkit";
import { expect, test } from "vitest";
import { startSystem } from "../support/system.ts";
import { openSimulator } from "../support/targets.ts";

const CONFIG_MAP = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: service_name\n";

test("a stop of which one delete is refused has ended all its others when it fails", { timeout: 60_000 }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "template-"));
  const path = join(folder.path, "service.yaml");
  await writeFile(path, (await readFile(new URL("../../service.yaml", import.meta.url), "utf8")) + CONFIG_MAP);
  await using target = await openSimulator();
  await using system = await startSystem(target, { env: { TEMPLATE_PATH: path, SWEEP_INTERVAL_SECONDS: "3600" } });
  await system.ended(await system.submit("start", "one"));

  const { faults } = target.simulator;
  const message = "the owner of this cluster says no";
  faults.add({
    match: { verbs: ["delete"], resources: ["deployments"] },
    times: "always",
    effect: { kind: "answer", status: 403, body: { kind: "Status", code: 403, reason: "Forbidden", message } },
  });
  faults.add({
    match: { verbs: ["delete"], resources: ["configmaps"] },
    times: 4,
    effect: { kind: "answer", status: 503, body: { kind: "Status", code: 503, message: "busy" } },
  });
  const status = await system.ended(await system.submit("stop", "one"));

  expect(status).toMatchObject({ state: "failed", error: { code: "policy_refused" }, attempts: { made: 1 } });
  const pod = expect.stringMatching(/^Pod\/one-/);
  const left = await listResources(target.api, system.namespace);
  expect(left).toEqual(["Deployment/one", pod, expect.stringMatching(/^ReplicaSet\/one-/)]);
  faults.clear();
  await system.ended(await system.submit("stop", "one"));
  expect(await listResources(target.api, system.namespace)).toEqual([]);
});

import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "@repl/testkit";
import { expect, test } from "vitest";
import { startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

const TEMPLATE = await readFile(new URL("../service.yaml", import.meta.url), "utf8");
const TWO_CONFIG_MAPS = ["a", "b"]
  .map((name) => `---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: service_name-${name}\n`)
  .join("");
const PATIENT = { timeout: 60_000 };

test("of two resources of one kind the sweep makes that one again which is missing", PATIENT, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "template-"));
  const path = join(folder.path, "service.yaml");
  await writeFile(path, TEMPLATE + TWO_CONFIG_MAPS);
  await using target = await openSimulator();
  await using system = await startSystem(target, { env: { TEMPLATE_PATH: path, SWEEP_INTERVAL_SECONDS: "1" } });
  await system.ended(await system.submit("start", "one"));
  const configMaps = `/api/v1/namespaces/${system.namespace}/configmaps`;
  const uid = (await target.api.get(`${configMaps}/one-a`)).metadata.uid;

  await target.api.request("DELETE", `${configMaps}/one-b`);
  await waitFor(async () => (await target.api.request("GET", `${configMaps}/one-b`)).status === 200, {
    what: "the second ConfigMap to be made again",
    timeoutMs: 30_000,
  });
  expect((await target.api.get(`${configMaps}/one-a`)).metadata.uid).toBe(uid);
  await system.ended(await system.submit("stop", "one"));
});

const serviceOf = (name: string, replId: string, userId: string) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: {
    name,
    labels: {
      "app.kubernetes.io/managed-by": "repl-orchestrator",
      "repl-orchestrator.dev/repl": replId,
      "repl-orchestrator.dev/user": userId,
      "repl-orchestrator.dev/generation": "1",
    },
  },
  spec: { ports: [{ port: 80 }] },
});

test("an orphan that may not be deleted is told of, and keeps no other from going", PATIENT, async () => {
  await using target = await openSimulator();
  await using system = await startSystem(target, { env: { SWEEP_INTERVAL_SECONDS: "1" } });
  await system.ended(await system.submit("start", "one"));
  await system.ended(await system.submit("stop", "one"));
  const services = `/api/v1/namespaces/${system.namespace}/services`;
  const body = { kind: "Status", code: 403, reason: "Forbidden", message: "the owner of this cluster says no" };
  target.simulator.faults.add({
    match: { verbs: ["delete"], resources: ["services"], name: "a-held", namespace: system.namespace },
    times: "always",
    effect: { kind: "answer", status: 403, body },
  });
  for (const name of ["a-held", "b-free"]) await target.api.request("POST", services, serviceOf(name, "one", "alice"));
  await waitFor(async () => (await target.api.request("GET", `${services}/b-free`)).status === 404, {
    what: "the orphan to be removed",
    timeoutMs: 30_000,
  });
  expect((await target.api.request("GET", `${services}/a-held`)).status).toBe(200);
  const said = () => system.workers[0]?.output.text() ?? "";
  await expect
    .poll(said)
    .toMatch(/"subject":"Service\/.*\/a-held","because":"A policy of the cluster refused.* says no/);
  target.simulator.faults.clear();
});

test("what only a person can put right, however much, keeps no orphan from going", PATIENT, async () => {
  await using target = await openSimulator();
  await using system = await startSystem(target, { env: { SWEEP_INTERVAL_SECONDS: "3600" } });
  await system.ended(await system.submit("start", "one"));
  await system.ended(await system.submit("start", "two"));
  await system.ended(await system.submit("stop", "two"));
  const services = `/api/v1/namespaces/${system.namespace}/services`;
  const ofBob = Array.from({ length: 250 }, (_, index) => serviceOf(`of-bob-${index}`, "one", "bob"));
  await Promise.all(ofBob.map((service) => target.api.request("POST", services, service)));
  await target.api.request("POST", services, serviceOf("two", "two", "alice"));

  await system.startWorker({ SWEEP_INTERVAL_SECONDS: "1" });
  await waitFor(async () => (await target.api.request("GET", `${services}/two`)).status === 404, {
    what: "the orphan to be removed",
    timeoutMs: 30_000,
  });
  await system.ended(await system.submit("stop", "one"));
});

test("what a failed start left is kept for a look where that is set, until a stop removes it", PATIENT, async () => {
  await using target = await openSimulator();
  const env = { CLEANUP_ON_FAILURE: "keep", SWEEP_INTERVAL_SECONDS: "1" };
  await using system = await startSystem(target, { env });
  expect(await system.ended(await system.submit("start", "fail-image-a"))).toMatchObject({ state: "failed" });
  const services = `/api/v1/namespaces/${system.namespace}/services`;
  const statusOf = async (name: string) => (await target.api.request("GET", `${services}/${name}`)).status;

  await system.ended(await system.submit("start", "one"));
  await system.ended(await system.submit("stop", "one"));
  for (const sweep of ["one", "another"]) {
    await target.api.request("POST", services, serviceOf("one", "one", "alice"));
    await waitFor(async () => (await statusOf("one")) === 404, { what: `${sweep} sweep to have removed an orphan` });
  }
  expect(await statusOf("fail-image-a")).toBe(200);
  await system.ended(await system.submit("stop", "fail-image-a"));
  expect(await statusOf("fail-image-a")).toBe(404);
});

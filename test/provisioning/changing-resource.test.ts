import { expect, test } from "vitest";
import { startSystem } from "../support/system.ts";
import { openSimulator } from "../support/targets.ts";
import { untilStatus } from "./support/jobs.ts";
import { pathsOf } from "./support/resources.ts";

/** As often as an attempt reads and writes it anew. */
const ROUNDS = 8;

test("a resource that others change before each write ends the attempt, and the next one puts it right", {
  timeout: 60_000,
}, async () => {
  await using target = await openSimulator();
  await using system = await startSystem(target, { env: { SWEEP_INTERVAL_SECONDS: "3600" } });
  await system.ended(await system.submit("start", "one"));
  const path = pathsOf(system.namespace, "one").Service;
  const before = await target.api.get(path);
  await target.api.request("PATCH", path, { spec: { selector: { app: "another" } } });

  const message = "the object has been modified; please apply your changes to the latest version and try again";
  const body = { kind: "Status", status: "Failure", code: 409, reason: "Conflict", message };
  const { faults } = target.simulator;
  const match = { verbs: ["update"], resources: ["services"], namespace: system.namespace };
  faults.add({ match, times: ROUNDS, effect: { kind: "answer", status: 409, body } });
  const jobId = await system.submit("start", "one");
  const subject = `Service/${system.namespace}/one`;
  expect(await untilStatus(system, jobId, ({ state }) => state === "retrying")).toMatchObject({
    message: `The cluster did not answer. ${subject} kept changing while it was written. Trying again.`,
    attempts: { made: 1 },
    error: { code: "cluster_unavailable", retryable: true, details: { subject } },
  });
  expect((await target.api.get(path)).spec.selector).toEqual({ app: "another" });

  const status = await system.ended(jobId);
  expect(status).toMatchObject({ state: "completed", attempts: { made: 2 }, error: null });
  expect(faults.list()).toMatchObject([{ hits: ROUNDS }]);
  const { metadata, spec } = await target.api.get(path);
  expect(metadata.uid).toBe(before.metadata.uid);
  expect(spec.selector).toEqual({ app: "one" });
});

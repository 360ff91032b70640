import type { JobStatus } from "@repl/contract";
import { listResources } from "@repl/testkit";
import { describe, expect, test } from "vitest";
import { type System, startSystem } from "./support/system.ts";
import { TARGETS, type Target } from "./support/targets.ts";

/** Each repl has exactly its three resources, and nothing else is there. */
async function expectOneSetEach(target: Target, system: System, replIds: readonly string[]): Promise<void> {
  const subjects = await listResources(target.api, system.namespace);
  const own = subjects.filter((subject) => !/^(Pod|ReplicaSet)\//.test(subject));
  const wanted = replIds.flatMap((id) => [`Deployment/${id}`, `Ingress/${id}-ingress`, `Service/${id}`]);
  expect(own).toEqual(wanted.sort());
  // One ReplicaSet for each: nobody wrote a Deployment a second time with another content.
  expect(subjects.filter((subject) => subject.startsWith("ReplicaSet/"))).toHaveLength(replIds.length);
}

const jobsOf = async (system: System, replIds: readonly string[]): Promise<string[]> =>
  Promise.all(replIds.map((replId, index) => system.submit("start", replId, index)));

const endAll = (system: System, jobIds: readonly string[]): Promise<JobStatus[]> =>
  Promise.all(jobIds.map((jobId) => system.ended(jobId, 120_000)));

/** Starts wait for their pods until what it returns is called. */
async function forbidPods(target: Target, { namespace }: System): Promise<() => Promise<void>> {
  const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
  const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "none" }, spec: { hard: { pods: "0" } } };
  expect((await target.api.request("POST", quotas, quota)).status).toBe(201);
  return async () => void (await target.api.request("DELETE", `${quotas}/none`));
}

describe.each(TARGETS)("on the $name", ({ missing, open }) => {
  describe.skipIf(missing())("many repls", () => {
    test("two api processes and three workers share 200 starts", { timeout: 180_000 }, async () => {
      await using target = await open();
      await using system = await startSystem(target, { apis: 2, workers: 3 });
      const replIds = Array.from({ length: 200 }, (_, index) => `repl-${index}`);
      const ended = await endAll(system, await jobsOf(system, replIds));
      expect(ended.map(({ state }) => state)).toEqual(replIds.map(() => "completed"));
      expect(ended.every(({ resources }) => resources.every(({ action }) => action === "created"))).toBe(true);
      await expectOneSetEach(target, system, replIds);
    });

    test("200 starts of one repl at the same time are one job and one set of resources", async () => {
      await using target = await open();
      await using system = await startSystem(target, { apis: 2, workers: 2 });
      const allowPods = await forbidPods(target, system); // The start stays under way until all have asked for it.
      const jobIds = await jobsOf(system, Array(200).fill("repl123"));
      await allowPods();
      const [jobId = "", ...others] = new Set(jobIds);
      expect(others).toEqual([]);
      expect((await system.ended(jobId)).resources.map(({ action }) => action)).toEqual(Array(3).fill("created"));
      await expectOneSetEach(target, system, ["repl123"]);
    });

    test("a worker killed in the middle: its jobs are completed by another, nothing is doubled", {
      timeout: 180_000,
    }, async () => {
      await using target = await open();
      await using system = await startSystem(target, { workers: 1, env: { WORKER_CONCURRENCY: "20" } });
      const replIds = Array.from({ length: 40 }, (_, index) => `repl-${index}`);
      // Or all that were begun might end before the kill.
      const allowPods = await forbidPods(target, system);
      const jobIds = await jobsOf(system, replIds);
      const [victim] = system.workers;
      await expect
        .poll(
          async () =>
            (await Promise.all(jobIds.map((id) => system.status(id)))).some(({ state }) => state === "active"),
          { interval: 5, timeout: 20_000 },
        )
        .toBe(true);
      victim?.kill("SIGKILL");
      await victim?.exited;
      const orphaned = (await Promise.all(jobIds.map((id) => system.status(id)))).filter(
        ({ state }) => state === "active",
      );
      expect(orphaned.length).toBeGreaterThan(0);

      await allowPods();
      await system.startWorker();
      const ended = await endAll(system, jobIds);
      expect(ended.map(({ state }) => state)).toEqual(replIds.map(() => "completed"));
      await expectOneSetEach(target, system, replIds);
    });

    test("a worker told to end hands its jobs to another at once, without a counted attempt", {
      timeout: 120_000,
    }, async () => {
      await using target = await open();
      await using system = await startSystem(target, { workers: 1 });
      const allowPods = await forbidPods(target, system);
      const jobId = await system.submit("start", "repl123");
      await expect.poll(async () => (await system.status(jobId)).phase, { timeout: 10_000 }).toBe("scheduling");
      const [first] = system.workers;
      first?.kill("SIGTERM");
      expect(await first?.exited).toMatchObject({ code: 0, leftovers: [] });
      expect(await system.status(jobId)).toMatchObject({ state: "queued", attempts: { made: 1 } });
      await allowPods();
      await system.startWorker();
      expect(await system.ended(jobId)).toMatchObject({ state: "completed", attempts: { made: 1 } });
    });
  });
});

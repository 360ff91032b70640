import { randomUUID } from "node:crypto";
import { createJobStore } from "@repl/contract";
import { listResources } from "@repl/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSystem } from "./support/system.ts";
import { TARGETS, type Target } from "./support/targets.ts";

/** As many as the store tolerates. */
const CRASHES = 10;

const LEFT_BEHIND = {
  metadata: {
    name: "deadly",
    labels: {
      "app.kubernetes.io/managed-by": "repl-orchestrator",
      "repl-orchestrator.dev/repl": "deadly",
      "repl-orchestrator.dev/user": "alice",
      "repl-orchestrator.dev/generation": "1",
    },
  },
  spec: { ports: [{ port: 80 }] },
};

describe.each(TARGETS)("on the $name", ({ missing, open }) => {
  describe.skipIf(missing())("a job that ends each worker that takes it", () => {
    let target: Target;
    beforeAll(async () => {
      target = await open();
    });
    afterAll(() => target?.[Symbol.asyncDispose]());

    test("is given up with worker_crashed, what it left is removed, and the repl can be started again", {
      timeout: 120_000,
    }, async () => {
      await using system = await startSystem(target, { workers: 0, env: { SWEEP_INTERVAL_SECONDS: "3600" } });
      const jobId = await system.submit("start", "deadly");
      await endWorkers(system, jobId);
      const services = `/api/v1/namespaces/${system.namespace}/services`;
      expect((await target.api.request("POST", services, LEFT_BEHIND)).status).toBe(201);

      await system.startWorker();
      const status = await system.ended(jobId);
      expect(status).toMatchObject({
        state: "failed",
        message: "Failed to create resources: Workers ended unexpectedly each time they took this job.",
        error: { code: "worker_crashed", retryable: false },
      });
      expect(await listResources(target.api, system.namespace)).toEqual([]);

      expect(await system.ended(await system.submit("start", "deadly"))).toMatchObject({ state: "completed" });
      await system.ended(await system.submit("stop", "deadly"));
    });
  });
});

/** Leaves in Redis what workers that die with the job leave there; the ten seconds until each is missed are not waited for. */
async function endWorkers({ redis: { url }, prefix }: { redis: { url: string }; prefix: string }, jobId: string) {
  const redis = new Redis(url);
  const store = createJobStore(redis, { prefix });
  for (let crash = 0; crash < CRASHES; crash++) {
    expect(await store.begin(jobId, randomUUID())).toMatchObject({ outcome: "run" });
    await redis.del(`${prefix}:lease:deadly`);
  }
  await redis.quit();
}

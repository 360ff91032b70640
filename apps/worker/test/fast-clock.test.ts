import { randomUUID } from "node:crypto";
import { createIntentStore, createJobStore, openJobQueue, SWEEP_QUEUE_NAME } from "@repl/contract";
import type { KubeClient } from "@repl/kube";
import { createLog, NO_TRACER } from "@repl/ops";
import { reachOf, sharedHome } from "@repl/provision";
import { startRedis, type TestRedis, waitFor } from "@repl/testkit";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { bringForward } from "../src/sweep-queue.ts";
import { startSweeper } from "../src/sweeper.ts";

let server: TestRedis;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const HOUR_MS = 3_600_000;
const log = createLog({ process: "worker", level: "silent" });
const { signal } = new AbortController();

function setup() {
  const prefix = `{${randomUUID()}}`;
  const queue = openJobQueue({ connection: redis, prefix }, () => {});
  const store = createJobStore(redis, { prefix });
  return { prefix, queue, store, intents: createIntentStore(redis, prefix), log, tracer: NO_TRACER };
}

test("a job that a clock an hour ahead put off is brought forward; one that waits for its next attempt is not", async () => {
  const deps = setup();
  const { queue } = deps;
  const payload = { version: 1, replId: "demo", userId: "alice", requestId: "r" } as const;
  const put = (jobId: string, delay: number) => queue.add("start", payload, { jobId, priority: 7, delay });
  await put("far", HOUR_MS);
  await put("near", 8_000);
  expect(await bringForward(deps, signal)).toBe(1);
  expect(await queue.getJobState("far")).toBe("prioritized");
  expect(await queue.getJobState("near")).toBe("delayed");
  expect(await bringForward(deps, signal)).toBe(0);
  await queue.close();
});

test("sweeps that a clock an hour ahead planned are planned anew", async () => {
  const deps = setup();
  const { prefix, intents, queue } = deps;
  const sweeps = new Queue(SWEEP_QUEUE_NAME, { connection: redis, prefix });
  const next = async () => (await sweeps.getJobScheduler("sweep"))?.next ?? 0;
  const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now() + HOUR_MS);
  await sweeps.upsertJobScheduler("sweep", { every: 1_000 }, { name: "sweep" }).finally(() => clock.mockRestore());
  expect(await next()).toBeGreaterThan((await intents.nowMs()) + HOUR_MS / 2);

  const sweeper = await startSweeper({
    ...deps,
    client: { list: () => Promise.reject(new Error("no cluster here")) } as unknown as KubeClient,
    template: { manifests: [] },
    homes: sharedHome("repls"),
    reach: reachOf("repls", []),
    userNamespaces: undefined,
    idleTimeoutMs: 0,
    keepFailed: false,
    connection: redis,
    intervalMs: 1_000,
    logError: () => {},
    onSwept: () => {},
  });
  await waitFor(async () => (await next()) < (await intents.nowMs()) + HOUR_MS / 2, {
    what: "the next sweep to be near",
  });
  await sweeper.close();
  await Promise.all([sweeps.close(), queue.close()]);
});

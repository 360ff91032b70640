import { SWEEP_QUEUE_NAME } from "@repl/contract";
import { waitFor } from "@repl/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installation, startInstallation, type WorkerPlace } from "../src/service/installation.ts";
import { openTarget } from "../src/target/target.ts";

const TIMEOUT = { timeout: 150_000 };

const stack = new AsyncDisposableStack();
let installation: Installation;
beforeAll(async () => {
  const target = stack.use(await openTarget("simulator"));
  const workerEnv = { SWEEP_INTERVAL_SECONDS: "1" };
  installation = stack.use(await startInstallation({ target, apis: 0, workers: 2, workerEnv }));
}, 120_000);
afterAll(() => stack.disposeAsync());

test(
  "a worker that is told to end before its watches have listed for the first time ends cleanly",
  TIMEOUT,
  async () => {
    const { place, cluster } = installation.workers[0] as WorkerPlace;
    await place.end();
    const asked = Promise.withResolvers<void>();
    cluster.judge(() => {
      asked.resolve();
      return { kind: "hold" };
    });
    await place.fill();
    await asked.promise;
    expect(await place.end()).toEqual({ code: 0, signal: null, leftovers: [] });
    await cluster.heal();
    await place.fill();
  },
);

test("a worker that is told to end while Redis is dead ends in order and in time", TIMEOUT, async () => {
  const { workers, redis } = installation;
  const { place } = workers[0] as WorkerPlace;
  await redis.kill();
  expect(await place.end()).toEqual({ code: 0, signal: null, leftovers: [] });
  await redis.restart();
  await place.fill();
});

test("a worker that dies in the middle of a sweep delays the next one by 15 s, not by a minute", TIMEOUT, async () => {
  const { workers, redis, prefix } = installation;
  const died = Promise.withResolvers<number>();
  for (const { cluster, place } of workers)
    cluster.judge(async ({ method, path }) => {
      // Only a sweep lists Services; the watches are about Deployments and Pods.
      if (method !== "GET" || !path.includes("/services?")) return undefined;
      for (const worker of workers) worker.cluster.judge(undefined);
      await place.kill();
      died.resolve(Date.now());
      return { kind: "cut" };
    });
  const diedAt = await died.promise;
  const key = `${prefix}:${SWEEP_QUEUE_NAME}`;
  const nextSweepMs = await waitFor(
    async () => {
      const [id] = (await redis.command("ZRANGE", `${key}:completed`, 0, 0, "REV")) as string[];
      return Math.max(0, Number(await redis.command("HGET", `${key}:${id}`, "finishedOn")) - diedAt);
    },
    { what: "the next sweep", timeoutMs: 90_000, intervalMs: 100 },
  );
  expect(nextSweepMs).toBeLessThan(25_000);
});

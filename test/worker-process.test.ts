import process from "node:process";
import { fileURLToPath } from "node:url";
import { freePort, startProcess, startRedis, waitFor } from "@repl/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSimulator, type SimulatorTarget } from "./support/targets.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

let target: SimulatorTarget;
beforeAll(async () => {
  target = await openSimulator();
});
afterAll(() => target[Symbol.asyncDispose]());

async function startWorker(redisUrl: string) {
  const opsPort = await freePort();
  const worker = await startProcess({
    name: "worker",
    command: process.execPath,
    args: ["apps/worker/src/main.ts"],
    cwd: ROOT,
    env: { REDIS_URL: redisUrl, KUBECONFIG: target.kubeconfigPath, OPS_PORT: String(opsPort) },
  });
  const ask = (path: string) => fetch(`http://127.0.0.1:${opsPort}${path}`);
  return { ...worker, ask, alive: () => waitFor(async () => (await ask("/livez")).ok, { what: "the worker to live" }) };
}

test("a worker ends where Redis evicts keys, naming the setting and the policy", async () => {
  await using redis = await startRedis({ args: ["--maxmemory-policy", "allkeys-lru"] });
  await using worker = await startWorker(redis.url);
  expect(await worker.exited).toMatchObject({ code: 1, signal: null });
  expect(worker.output.text()).toMatch(/REDIS_URL: the primary: it evicts keys .*maxmemory-policy allkeys-lru/);
});

test("a worker lives while there is no Redis, says so, and works once there is one", async () => {
  const port = await freePort();
  await using worker = await startWorker(`redis://127.0.0.1:${port}`);
  await worker.alive();
  const red = await worker.ask("/readyz");
  expect([red.status, await red.json()]).toMatchObject([
    503,
    { checks: { redis: expect.stringContaining("Redis does not answer"), draining: "ok" } },
  ]);
  await using _redis = await startRedis({ port });
  await waitFor(async () => (await worker.ask("/readyz")).ok, { what: "the worker to be ready" });
  await worker.stop(); // Before its Redis, without which it takes longer.
});

test("a worker that waits for Redis ends at once when it is told to", async () => {
  await using worker = await startWorker(`redis://127.0.0.1:${await freePort()}`);
  await worker.alive();
  const before = performance.now();
  expect(await worker.stop()).toEqual({ code: 0, signal: null, leftovers: [] });
  expect(performance.now() - before).toBeLessThan(2_000);
  expect(worker.output.text()).toContain("worker ended");
});

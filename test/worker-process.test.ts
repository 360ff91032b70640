import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
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

async function startWorker(redisUrl: string, { nodeArgs = [] as string[], env = {} } = {}) {
  const opsPort = await freePort();
  const worker = await startProcess({
    name: "worker",
    command: process.execPath,
    args: [...nodeArgs, "apps/worker/src/main.ts"],
    cwd: ROOT,
    env: { REDIS_URL: redisUrl, KUBECONFIG: target.kubeconfigPath, OPS_PORT: String(opsPort), ...env },
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

test("a worker that meets an error which nobody foresaw ends, and says by what at every level of its log", async () => {
  await using redis = await startRedis();
  const bug = "data:text/javascript,process.on('SIGUSR2', () => { throw new Error('nobody foresaw this') })";
  await using worker = await startWorker(redis.url, { nodeArgs: ["--import", bug], env: { LOG_LEVEL: "error" } });
  await waitFor(async () => (await worker.ask("/readyz")).ok, { what: "the worker to be ready" });
  worker.kill("SIGUSR2");
  expect(await worker.exited).toMatchObject({ code: 1, signal: null });
  const [line] = worker.output.lines().map((text) => JSON.parse(text));
  expect(line).toMatchObject({ level: "fatal", err: { message: "nobody foresaw this" } });
});

test.each([
  [{ KUBECONFIG: "/nope" }, /KUBECONFIG: kubeconfig \/nope: no such file/],
  [{ KUBECONFIG: "" }, /KUBECONFIG is not set: .*is this a pod\?/],
])("a worker that has no credentials ends, naming the setting: %j", async (env, message) => {
  await using worker = await startWorker("redis://127.0.0.1:1", { env });
  expect(await worker.exited).toMatchObject({ code: 1, signal: null });
  expect(worker.output.text()).toMatch(message);
  expect(worker.output.text()).not.toContain("stack");
});

test("a worker whose port is taken ends, naming the setting", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const OPS_PORT = String((server.address() as AddressInfo).port);
  await using worker = await startWorker("redis://127.0.0.1:1", { env: { OPS_PORT } });
  expect(await worker.exited).toMatchObject({ code: 1, signal: null });
  expect(worker.output.text()).toContain(`OPS_PORT: cannot listen on 127.0.0.1:${OPS_PORT} (EADDRINUSE)`);
  expect(worker.output.text()).not.toContain('"stack":"ListenError');
  server.close();
});

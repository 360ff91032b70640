import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { keysOf } from "@repl/contract";
import { startRedis, startTcpProxy, writeKubeconfig } from "@repl/testkit";
import { expect, test } from "vitest";
import { startSystem } from "../support/system.ts";
import { openSimulator, type SimulatorTarget } from "../support/targets.ts";
import { holdStarts, runStarts } from "./support/held-starts.ts";
import { recordCommands } from "./support/sent-commands.ts";

/** Its name and password in Redis. */
const WORKER = "worker";
const STARTS = 50;
/** Before the count: the worker has swept, made its schedule and told Redis its scripts. */
const WARM_UP = 5;
/**
 * Round trips of a worker to Redis for one start that reports one step of progress: the job is fetched, begun,
 * reported as applying, which guards the workload's write, guarded once for Service and Ingress, one step reported with
 * its resources, settled, and taken off BullMQ's list.
 */
const ROUND_TRIPS_PER_START = 7;
/** At most what a worker sends in a second whatever its jobs: its announcements, BullMQ's locks and its look for stalled jobs. */
const COMMANDS_PER_SECOND = 1;

/** The simulator behind a proxy that counts connections, with Deployments that stay as they are written. */
async function openCountedSimulator() {
  const stack = new AsyncDisposableStack();
  const target: SimulatorTarget = stack.use(await openSimulator({ controllers: false }));
  const proxy = stack.use(await startTcpProxy({ targetPort: Number(new URL(target.simulator.url).port) }));
  const folder = await mkdtemp(join(tmpdir(), "counts-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const [kubeconfigPath, caPath] = [join(folder, "kubeconfig"), join(folder, "ca.crt")];
  await writeFile(caPath, target.simulator.ca ?? "");
  const server = `https://127.0.0.1:${proxy.port}`;
  await writeKubeconfig(kubeconfigPath, { server, caPath, token: target.simulator.token });
  return { ...target, kubeconfigPath, proxy, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** A Redis in which the worker has a user of its own, so that its connections can be told from the api's and the test's. */
async function startRedisWithWorker() {
  const server = await startRedis();
  await server.command("ACL", "SETUSER", WORKER, "on", `>${WORKER}`, "~*", "&*", "+@all");
  const workerEnv = { REDIS_URL: `redis://${WORKER}:${WORKER}@127.0.0.1:${server.port}` };
  return { server, env: {}, workerEnv, [Symbol.asyncDispose]: () => server.stop() };
}

test("a start costs a worker three writes, seven Redis round trips, and no connection of its own", {
  timeout: 150_000,
}, async () => {
  await using target = await openCountedSimulator();
  await using redis = await startRedisWithWorker();
  // Leases that hold for longer than this test are not renewed in it.
  const env = { WORKER_CONCURRENCY: String(STARTS), SWEEP_INTERVAL_SECONDS: "3600", LEASE_SECONDS: "300" };
  await using system = await startSystem(target, { redis, env, namespace: "default" });
  await using sent = await recordCommands(redis.server, WORKER);
  await runStarts(system, target, "warm", WARM_UP);
  await sent.take();

  const since = performance.now();
  const jobIds = await runStarts(system, target, "repl", STARTS);
  const commands = await sent.take();
  const waits = commands.filter((name) => name === "bzpopmin").length;
  const trips = commands.length - waits;
  // Who has waited for jobs fetches once more.
  const beside = waits + (COMMANDS_PER_SECOND * (performance.now() - since)) / 1_000;
  expect(trips).toBeGreaterThanOrEqual(ROUND_TRIPS_PER_START * STARTS);
  expect(trips).toBeLessThanOrEqual(ROUND_TRIPS_PER_START * STARTS + beside);
  expect(waits).toBeLessThan(STARTS / 4);
  const states = jobIds.map((jobId) => system.redis.command("HGET", keysOf(system.prefix).job(jobId), "state"));
  expect(await Promise.all(states)).toEqual(jobIds.map(() => "completed"));

  const calls = target.simulator.audit.entries({ userAgent: "repl-orchestrator" });
  const writes = calls.filter(({ write }) => write);
  expect(writes).toHaveLength(3 * (WARM_UP + STARTS));
  expect(writes.every(({ verb, status }) => verb === "create" && status === 201)).toBe(true);
  expect(calls.filter(({ verb }) => verb === "get").map(({ path }) => path)).toEqual([]);
  // One for all calls and one for each of the two watches; calls that come before the first one is open may open another.
  expect(target.proxy.accepted).toBeLessThanOrEqual(4);
});

test("starts that wait cost a worker three renewals in the length of a lease, however many they are", {
  timeout: 150_000,
}, async () => {
  const [leaseSeconds, seconds] = [4, 8];
  await using target = await openCountedSimulator();
  await using redis = await startRedisWithWorker();
  const env = {
    WORKER_CONCURRENCY: String(STARTS),
    SWEEP_INTERVAL_SECONDS: "3600",
    LEASE_SECONDS: String(leaseSeconds),
  };
  await using system = await startSystem(target, { redis, env, namespace: "default" });
  await using sent = await recordCommands(redis.server, WORKER);
  const jobIds = await holdStarts(system, "held", STARTS);
  const begun = () =>
    Promise.all(
      jobIds.map((jobId) => system.redis.command("HMGET", keysOf(system.prefix).job(jobId), "state", "begunBy")),
    );
  const before = await begun();
  await sent.take();

  const since = performance.now();
  await sleep(seconds * 1_000);
  const commands = await sent.take();
  const took = (performance.now() - since) / 1_000;
  const renewals = (3 * took) / leaseSeconds;
  expect(commands.length).toBeGreaterThanOrEqual(Math.floor((3 * seconds) / leaseSeconds));
  expect(commands.length).toBeLessThanOrEqual(renewals + COMMANDS_PER_SECOND * took + 5);
  expect(await begun()).toEqual(before);
  expect(before.map((fields) => (fields as string[])[0])).toEqual(jobIds.map(() => "active"));
});

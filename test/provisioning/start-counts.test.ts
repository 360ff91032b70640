import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keysOf } from "@repl/contract";
import { startTcpProxy, waitFor, writeKubeconfig } from "@repl/testkit";
import { expect, test } from "vitest";
import { type System, startSystem } from "../support/system.ts";
import { openSimulator, type SimulatorTarget } from "../support/targets.ts";

const STARTS = 50;
/** A Deployment's status once it is available, as its controller writes it. */
const AVAILABLE = {
  observedGeneration: 1,
  replicas: 1,
  updatedReplicas: 1,
  readyReplicas: 1,
  availableReplicas: 1,
  conditions: [{ type: "Available", status: "True", reason: "MinimumReplicasAvailable", message: "" }],
};

/**
 * Round trips of a worker to Redis for one start that reports one step of progress: the job is fetched, begun,
 * reported as applying, which guards the workload's write, guarded once for Service and Ingress, one step reported with
 * its resources, settled, and taken off BullMQ's list.
 */
const SCRIPTS_PER_START = 7;
/** What a worker does once: its sweep, its schedule, its first look for jobs. */
const SCRIPTS_OF_A_WORKER = 20;
/** At most what it does in a second whatever its jobs: its announcements, BullMQ's locks and its look for stalled jobs. */
const SCRIPTS_PER_SECOND = 1;

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

/** Runs of scripts since the statistics were reset, EVAL included, which each connection sends once for each script. */
async function scriptRuns({ redis }: System): Promise<number> {
  const stats = String(await redis.command("INFO", "commandstats"));
  const calls = [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)];
  return calls.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Plays the Deployment's controller once the worker has said that it waits for it. */
async function makeAvailable({ redis, prefix }: System, { api }: SimulatorTarget, jobId: string, replId: string) {
  await waitFor(async () => (await redis.command("HGET", keysOf(prefix).job(jobId), "phase")) === "scheduling", {
    what: `${replId} to wait for the cluster`,
    timeoutMs: 60_000,
  });
  const path = `/apis/apps/v1/namespaces/default/deployments/${replId}/status`;
  expect((await api.request("PATCH", path, { status: AVAILABLE })).status).toBe(200);
}

test("a start costs a worker three writes, seven Redis round trips, and no connection of its own", {
  timeout: 150_000,
}, async () => {
  await using target = await openCountedSimulator();
  await using system = await startSystem(target, { workers: 0, namespace: "default" });
  const replIds = Array.from({ length: STARTS }, (_, index) => `repl-${index}`);
  const jobIds = await Promise.all(replIds.map((replId) => system.submit("start", replId)));

  await system.redis.command("CONFIG", "RESETSTAT");
  const since = performance.now();
  // Leases that hold for longer than this test are not renewed in it.
  await system.startWorker({
    WORKER_CONCURRENCY: String(STARTS),
    SWEEP_INTERVAL_SECONDS: "3600",
    LEASE_SECONDS: "300",
  });
  await Promise.all(jobIds.map((jobId, index) => makeAvailable(system, target, jobId, replIds[index] ?? "")));
  const open = keysOf(system.prefix).open;
  await waitFor(async () => (await system.redis.command("ZCARD", open)) === 0, {
    what: "all starts to end",
    timeoutMs: 60_000,
  });

  const runs = await scriptRuns(system);
  const beside = SCRIPTS_OF_A_WORKER + (SCRIPTS_PER_SECOND * (performance.now() - since)) / 1_000;
  expect(runs).toBeGreaterThan((SCRIPTS_PER_START - 1) * STARTS);
  expect(runs).toBeLessThanOrEqual(SCRIPTS_PER_START * STARTS + beside);
  const states = jobIds.map((jobId) => system.redis.command("HGET", keysOf(system.prefix).job(jobId), "state"));
  expect(await Promise.all(states)).toEqual(jobIds.map(() => "completed"));

  const calls = target.simulator.audit.entries({ userAgent: "repl-orchestrator" });
  const writes = calls.filter(({ write }) => write);
  expect(writes).toHaveLength(3 * STARTS);
  expect(writes.every(({ verb, status }) => verb === "create" && status === 201)).toBe(true);
  expect(calls.filter(({ verb }) => verb === "get").map(({ path }) => path)).toEqual([]);
  // One for all calls and one for each of the two watches; calls that come before the first one is open may open another.
  expect(target.proxy.accepted).toBeLessThanOrEqual(4);
});

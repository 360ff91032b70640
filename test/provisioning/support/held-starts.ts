import { keysOf } from "@repl/contract";
import { waitFor } from "@repl/testkit";
import type { System } from "../../support/system.ts";
import type { SimulatorTarget } from "../../support/targets.ts";

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
 * Starts so many repls at once on a simulator without controllers, so that each start has one step of progress, and returns
 * the jobs when nothing of them is left to do.
 */
export async function runStarts(
  system: System,
  target: SimulatorTarget,
  name: string,
  count: number,
): Promise<string[]> {
  const { redis, prefix } = system;
  const starts = await submitAll(system, name, count);
  await Promise.all(starts.map((start) => makeAvailable(system, target, start)));
  await waitFor(
    async () =>
      (await redis.command("ZCARD", keysOf(prefix).open)) === 0 &&
      (await redis.command("LLEN", `${prefix}:repls:active`)) === 0,
    { what: "all starts to end", timeoutMs: 60_000 },
  );
  return starts.map(({ jobId }) => jobId);
}

/** Starts so many repls at once and returns the jobs when each of them waits for its workload, which nobody makes available. */
export async function holdStarts(system: System, name: string, count: number): Promise<string[]> {
  const starts = await submitAll(system, name, count);
  await Promise.all(starts.map((start) => untilHeld(system, start)));
  return starts.map(({ jobId }) => jobId);
}

interface Start {
  readonly replId: string;
  readonly jobId: string;
}

function submitAll(system: System, name: string, count: number): Promise<Start[]> {
  const replIds = Array.from({ length: count }, (_, index) => `${name}-${index}`);
  return Promise.all(replIds.map(async (replId) => ({ replId, jobId: await system.submit("start", replId) })));
}

async function untilHeld({ redis, prefix }: System, { replId, jobId }: Start): Promise<void> {
  await waitFor(async () => (await redis.command("HGET", keysOf(prefix).job(jobId), "phase")) === "scheduling", {
    what: `${replId} to wait for the cluster`,
    timeoutMs: 60_000,
  });
}

/** Plays the Deployment's controller once the worker has said that it waits for it. */
async function makeAvailable(system: System, { api }: SimulatorTarget, start: Start): Promise<void> {
  await untilHeld(system, start);
  const { replId } = start;
  const path = `/apis/apps/v1/namespaces/default/deployments/${replId}/status`;
  const { status } = await api.request("PATCH", path, { status: AVAILABLE });
  if (status !== 200) throw new Error(`the status of ${replId} could not be written: ${status}`);
}

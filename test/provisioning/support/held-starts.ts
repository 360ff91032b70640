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
  const replIds = Array.from({ length: count }, (_, index) => `${name}-${index}`);
  const jobIds = await Promise.all(replIds.map((replId) => system.submit("start", replId)));
  await Promise.all(jobIds.map((jobId, index) => makeAvailable(system, target, jobId, replIds[index] ?? "")));
  await waitFor(
    async () =>
      (await redis.command("ZCARD", keysOf(prefix).open)) === 0 &&
      (await redis.command("LLEN", `${prefix}:repls:active`)) === 0,
    { what: "all starts to end", timeoutMs: 60_000 },
  );
  return jobIds;
}

/** Plays the Deployment's controller once the worker has said that it waits for it. */
async function makeAvailable({ redis, prefix }: System, { api }: SimulatorTarget, jobId: string, replId: string) {
  await waitFor(async () => (await redis.command("HGET", keysOf(prefix).job(jobId), "phase")) === "scheduling", {
    what: `${replId} to wait for the cluster`,
    timeoutMs: 60_000,
  });
  const path = `/apis/apps/v1/namespaces/default/deployments/${replId}/status`;
  const { status } = await api.request("PATCH", path, { status: AVAILABLE });
  if (status !== 200) throw new Error(`the status of ${replId} could not be written: ${status}`);
}

import { keysOf, SWEEP_QUEUE_NAME } from "@repl/contract";
import { waitFor } from "@repl/testkit";
import { Redis } from "ioredis";
import type { Installation } from "../service/installation.ts";
import { readObjects } from "./end-state.ts";
import { CONVERGE_MS } from "./judge.ts";

/** Sweeps without a finding after which nothing more is to be expected. */
const CLEAN_SWEEPS = 2;

/** Every job has ended, nothing is being deleted, and sweeps that began after that found nothing to do. */
export async function untilRest(installation: Installation, timeoutMs = CONVERGE_MS): Promise<void> {
  const { redis, prefix } = installation;
  const client = new Redis(redis.url);
  let calmSince: number | undefined;
  const isCalm = async (): Promise<boolean> =>
    (await client.zcard(keysOf(prefix).open)) === 0 &&
    (await readObjects(installation, () => true)).every(({ terminating }) => !terminating);
  try {
    await waitFor(
      async () => {
        if (!(await isCalm())) {
          calmSince = undefined;
          return false;
        }
        calmSince ??= Date.now();
        return hasCleanSweeps(client, prefix, calmSince);
      },
      { what: "everything to come to rest", timeoutMs, intervalMs: 200 },
    );
  } finally {
    client.disconnect();
  }
}

async function hasCleanSweeps(client: Redis, prefix: string, sinceMs: number): Promise<boolean> {
  const ids = await client.zrange(`${prefix}:${SWEEP_QUEUE_NAME}:completed`, "0", `${CLEAN_SWEEPS - 1}`, "REV");
  const sweeps = await Promise.all(
    ids.map((id) => client.hmget(`${prefix}:${SWEEP_QUEUE_NAME}:${id}`, "processedOn", "returnvalue")),
  );
  const isClean = ([processedOn, result]: (string | null)[]): boolean => {
    const { requeued, start, stop, delete: deleted } = JSON.parse(result ?? "{}") as Record<string, number>;
    return Number(processedOn) > sinceMs && [requeued, start, stop, deleted].every((count) => count === 0);
  };
  return sweeps.length === CLEAN_SWEEPS && sweeps.every(isClean);
}

/** Every job has ended. */
export async function untilNoOpenJobs({ redis, prefix }: Installation, timeoutMs = CONVERGE_MS): Promise<void> {
  await waitFor(async () => (await redis.command("ZCARD", keysOf(prefix).open)) === 0, {
    what: "all jobs to end",
    timeoutMs,
    intervalMs: 50,
  });
}

/** One whole sweep that began after this moment, or after that one, ms by the workers' clocks. */
export async function untilSwept({ redis, prefix }: Installation, sinceMs = Date.now()): Promise<void> {
  const key = `${prefix}:${SWEEP_QUEUE_NAME}`;
  const hasSwept = async (): Promise<boolean> => {
    const [id] = (await redis.command("ZRANGE", `${key}:completed`, 0, 0, "REV")) as string[];
    return Number(await redis.command("HGET", `${key}:${id}`, "processedOn")) > sinceMs;
  };
  await waitFor(hasSwept, { what: "a sweep", timeoutMs: CONVERGE_MS, intervalMs: 100 });
}

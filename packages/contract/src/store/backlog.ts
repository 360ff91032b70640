import type { Redis } from "ioredis";
import { keysOf } from "../keys.ts";
import { loadScripts } from "./scripts.ts";

/** BullMQ's names; jobs in the queue are `prioritized`, `waiting` are only those without a priority. */
export const QUEUE_STATES = ["waiting", "prioritized", "active", "delayed", "failed"] as const;

/** What waits. */
export interface Backlog {
  /** Jobs that have not ended. */
  readonly openJobs: number;
  /** Since when the oldest job waits that no worker has taken yet; 0 where none waits. */
  readonly oldestWaitMs: number;
  /** Jobs in the queue by BullMQ's state, as its own `getJobCounts` has them. */
  readonly byState: Readonly<Record<(typeof QUEUE_STATES)[number], number>>;
}

/** Builds the function that reads the backlog, in one Redis round trip. */
export function createBacklogReader(redis: Redis, prefix: string): () => Promise<Backlog> {
  const run = loadScripts(redis);
  const { queue } = keysOf(prefix);
  return async () => {
    const reply = (await run("backlog", prefix, queue)) as [number, number, number, number, number, number, number];
    const [openJobs, oldestWaitMs, waiting, prioritized, active, delayed, failed] = reply;
    return { openJobs, oldestWaitMs, byState: { waiting, prioritized, active, delayed, failed } };
  };
}

import type { Redis } from "ioredis";
import { loadScripts } from "./scripts.ts";

/** What waits. */
export interface Backlog {
  /** Jobs that have not ended. */
  readonly openJobs: number;
  /** Since when the oldest job waits that no worker has taken yet; 0 where none waits. */
  readonly oldestWaitMs: number;
}

/** Builds the function that reads the backlog, in one Redis round trip. */
export function createBacklogReader(redis: Redis, prefix: string): () => Promise<Backlog> {
  const run = loadScripts(redis);
  return async () => {
    const [openJobs, oldestWaitMs] = (await run("backlog", prefix)) as [number, number];
    return { openJobs, oldestWaitMs };
  };
}

import { SWEEP_QUEUE_NAME } from "@repl/contract";
import { Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Logger } from "pino";
import { type SweepDeps, type SweepResult, sweep } from "./sweep.ts";

/** What the sweeper needs beside what a sweep needs. */
export interface SweeperDeps extends SweepDeps {
  readonly connection: Redis;
  readonly prefix: string;
  readonly intervalMs: number;
  readonly log: Logger;
  /** Told of each sweep that was finished. */
  readonly onSwept: (result: SweepResult) => void;
}

/** Sweeps that stay visible on the dashboard. */
const KEEP = { count: 20 };

/** A running sweeper. */
export interface Sweeper {
  close(): Promise<void>;
}

/**
 * Sweeps at a fixed interval, one sweep at a time however many workers there are: the schedule and the limit live in
 * Redis, so each worker may set them up.
 */
export async function startSweeper(deps: SweeperDeps): Promise<Sweeper> {
  const { connection, prefix, intervalMs, log } = deps;
  const queue = new Queue(SWEEP_QUEUE_NAME, { connection, prefix });
  const ending = new AbortController();
  const worker = new Worker(
    SWEEP_QUEUE_NAME,
    async () => {
      const result = await sweep(deps, ending.signal);
      deps.onSwept(result);
      if (Object.values(result).some((count) => count > 0)) log.info(result, "sweep done");
      return result;
    },
    { connection, prefix, concurrency: 1 },
  );
  const onError = (error: Error) => log.warn({ err: error }, "sweep queue error");
  queue.on("error", onError);
  worker.on("error", onError);
  worker.on("failed", (_job, error) => log.warn({ err: error }, "sweep failed, the next one follows"));
  await queue.setGlobalConcurrency(1);
  await queue.upsertJobScheduler(
    "sweep",
    { every: intervalMs },
    { name: "sweep", opts: { removeOnComplete: KEEP, removeOnFail: KEEP } },
  );

  return {
    async close() {
      ending.abort();
      await worker.close();
      await queue.close();
    },
  };
}

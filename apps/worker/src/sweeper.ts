import { SWEEP_QUEUE_NAME } from "@repl/contract";
import type { Log, LogError } from "@repl/ops";
import { Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { LOCKS } from "./locks.ts";
import { type SweepDeps, type SweepResult, sweep } from "./sweep.ts";

/** What the sweeper needs beside what a sweep needs. */
export interface SweeperDeps extends SweepDeps {
  readonly connection: Redis;
  readonly prefix: string;
  readonly intervalMs: number;
  readonly log: Log;
  readonly logError: LogError;
  /** Told of each sweep that was finished. */
  readonly onSwept: (result: SweepResult) => void;
}

/** The schedule's name in the queue. */
const SCHEDULE = "sweep";

/** How far the workers' clocks may differ without a word. */
const CLOCK_TOLERANCE_MS = 10_000;

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
  const { connection, prefix, intervalMs, log, logError } = deps;
  const queue = new Queue(SWEEP_QUEUE_NAME, { connection, prefix });
  const ending = new AbortController();
  const worker = new Worker(
    SWEEP_QUEUE_NAME,
    async () => {
      const result = await deps.tracer.run("sweep", () => sweep(deps, ending.signal));
      deps.onSwept(result);
      if (Object.values(result).some((count) => count > 0)) log.info(result, "sweep done");
      return result;
    },
    { connection, prefix, concurrency: 1, ...LOCKS },
  );
  const onError = (error: Error) => logError("sweeps", error);
  queue.on("error", onError);
  worker.on("error", onError);
  worker.on("failed", (_job, error) => log.warn({ err: error }, "sweep failed, the next one follows"));
  const schedule = async () => {
    await queue.setGlobalConcurrency(1);
    const opts = { removeOnComplete: KEEP, removeOnFail: KEEP };
    await queue.upsertJobScheduler(SCHEDULE, { every: intervalMs }, { name: "sweep", opts });
  };
  await schedule();
  // From the worker's start on, not from the first sweep: what is made in between would be older than this Redis for good.
  await deps.intents.knownSince();
  // A Redis that came back without its last writes, or empty, may have forgotten the schedule, and with it all sweeps; a
  // worker whose clock ran ahead has planned the next one for a time that is far off by those of the others.
  const scheduleAgain = async () => {
    const planned = await queue.getJobScheduler(SCHEDULE);
    const isFarOff = (planned?.next ?? 0) > (await deps.intents.nowMs()) + 2 * intervalMs + CLOCK_TOLERANCE_MS;
    if (isFarOff) await queue.removeJobScheduler(SCHEDULE);
    if (isFarOff || planned === undefined) await schedule();
  };
  const timer = setInterval(() => scheduleAgain().catch(onError), intervalMs);

  return {
    async close() {
      clearInterval(timer);
      ending.abort();
      await worker.close();
      await queue.close();
    },
  };
}

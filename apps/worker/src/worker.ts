import { type JobKind, type JobPayload, QUEUE_NAME } from "@repl/contract";
import { Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Logger } from "pino";
import type { RunDeps } from "./deps.ts";
import { createRunner } from "./run-job.ts";

/** What the worker needs beside what a job needs. */
export interface WorkerDeps extends RunDeps {
  /** For commands; the worker opens a second one like it for blocking reads. */
  readonly connection: Redis;
  /** For the channel of cancelled jobs. */
  readonly subscriber: Redis;
  readonly prefix: string;
  /** Jobs at a time. */
  readonly concurrency: number;
  readonly log: Logger;
}

/** A running worker. */
export interface ReplWorker {
  /** Jobs under way. */
  activeJobs(): number;
  /** Takes no new job, waits `finishMs` for those under way, hands the rest back. */
  close(finishMs: number): Promise<void>;
}

/** BullMQ's lock on a job; together with the check below it bounds how long a dead worker's job waits: 15 s. */
const LOCK_MS = 10_000;
const STALLED_CHECK_MS = 5_000;
/**
 * Ends of the process that BullMQ lets a job survive. High, because the job's own record counts them and ends the job
 * with a reason; BullMQ's limit would end it silently.
 */
const MOST_STALLS = 1_000;

/** Begins to take jobs. */
export async function startWorker(deps: WorkerDeps): Promise<ReplWorker> {
  const { store, connection, subscriber, prefix, concurrency, log } = deps;
  const { run, attempts } = createRunner(deps);
  await store.onCancelled(subscriber, (jobId) => attempts.end(jobId, "cancelled"));

  let active = 0;
  const worker = new Worker<JobPayload, void, JobKind>(
    QUEUE_NAME,
    async (job, token) => {
      active += 1;
      try {
        await run(job, token);
      } finally {
        active -= 1;
      }
    },
    {
      connection,
      prefix,
      concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: MOST_STALLS,
    },
  );
  worker.on("error", (error) => log.warn({ err: error }, "queue error"));
  worker.on("lockRenewalFailed", (jobIds) => {
    for (const jobId of jobIds) attempts.end(jobId, "lost");
  });

  return {
    activeJobs: () => active,
    async close(finishMs) {
      const closed = worker.close();
      const timer = setTimeout(() => attempts.endAll("shutdown"), finishMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

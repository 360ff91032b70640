import { randomUUID } from "node:crypto";
import { createWorkerRegister, type JobKind, type JobPayload, KEEP_ENDED, QUEUE_NAME } from "@repl/contract";
import type { Log, LogError } from "@repl/ops";
import { Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { RunDeps } from "./deps.ts";
import { LOCKS } from "./locks.ts";
import { keepAnnounced } from "./presence.ts";
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
  readonly log: Log;
  readonly logError: LogError;
}

/** A running worker. */
export interface ReplWorker {
  /** Jobs under way. */
  activeJobs(): number;
  /** Takes no new job, waits `finishMs` for those under way, hands the rest back. */
  close(finishMs: number): Promise<void>;
}

/**
 * Ends of the process that BullMQ lets a job survive. High, because the job's own record counts them and ends the job
 * with a reason; BullMQ's limit would end it silently.
 */
const MOST_STALLS = 1_000;

/** Begins to take jobs. */
export async function startWorker(deps: WorkerDeps): Promise<ReplWorker> {
  const { store, connection, subscriber, prefix, concurrency, logError } = deps;
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
      ...LOCKS,
      removeOnComplete: KEEP_ENDED,
      removeOnFail: KEEP_ENDED,
      maxStalledCount: MOST_STALLS,
    },
  );
  worker.on("error", (error) => logError("queue", error));
  worker.on("lockRenewalFailed", (jobIds) => {
    for (const jobId of jobIds) attempts.end(jobId, "lost");
  });
  const presence = keepAnnounced(createWorkerRegister(connection, prefix), randomUUID(), concurrency);

  return {
    activeJobs: () => active,
    async close(finishMs) {
      void presence.withdraw();
      const closed = worker.close();
      const timer = setTimeout(() => attempts.endAll("shutdown"), finishMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

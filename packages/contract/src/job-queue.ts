import { type Job, type JobsOptions, Queue, type QueueOptions } from "bullmq";
import type { JobKind } from "./job.ts";
import { QUEUE_NAME } from "./keys.ts";

/**
 * Payload of a queued job, for whoever looks at the queue. The worker goes by the job's id alone and reads the record and
 * the cluster at each attempt.
 */
export interface JobPayload {
  /** Version of this shape, for workers to come to tell by; today's go by the job's record alone. */
  readonly version: 1;
  readonly replId: string;
  readonly userId: string;
  /** Id of the HTTP request that asked for it, for the logs. */
  readonly requestId: string;
}

/** BullMQ's job as this service uses it; its id is the jobId of the record. */
export type QueuedJob = Job<JobPayload, void, JobKind>;

/** The queue as this service uses it. */
export type JobQueue = Queue<JobPayload, void, JobKind>;

/** Attempts of one job, the first included. */
export const MAX_ATTEMPTS = 5;

/** Wait before the second attempt; doubles with each further one, less up to half by chance. */
export const FIRST_BACKOFF_MS = 1_000;

/**
 * Ended jobs that stay in BullMQ for the operators' dashboard, as an option of its workers. Clients read the job's own
 * record, which has a retention of its own, so these may go early without anyone noticing.
 */
export const KEEP_ENDED = { count: 1_000, age: 24 * 3_600 };

/** How each job is queued; jobs are lost neither by a crash of a worker nor by a failed attempt. */
const JOB_OPTIONS: JobsOptions = {
  attempts: MAX_ATTEMPTS,
  backoff: { type: "exponential", delay: FIRST_BACKOFF_MS, jitter: 0.5 },
  stackTraceLimit: 5,
};

/** Opens the queue; errors of its connection go to `onError`, not to the console. */
export function openJobQueue(
  options: Pick<QueueOptions, "connection" | "prefix">,
  onError: (error: Error) => void,
): JobQueue {
  const queue: JobQueue = new Queue(QUEUE_NAME, { ...options, defaultJobOptions: JOB_OPTIONS });
  queue.on("error", onError);
  return queue;
}

/**
 * The highest turn, which is BullMQ's highest priority. Turns are counted anew long before while the queue is empty; in
 * one that never is, all further jobs have this turn and are served in the order in which they came.
 */
export const LAST_TURN = 2_097_151;

/**
 * Puts a job under its id into the queue. Adding the same id again changes nothing (BullMQ), so a repeat after a lost
 * reply is harmless. One Redis round trip.
 * @param turn of the job's record: the lowest is served first, among equals the older.
 */
export async function enqueue(
  queue: JobQueue,
  jobId: string,
  kind: JobKind,
  payload: JobPayload,
  turn: number,
): Promise<void> {
  await queue.add(kind, payload, { jobId, priority: turn });
}

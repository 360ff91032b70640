import { type Job, type JobsOptions, Queue, type QueueOptions } from "bullmq";
import type { JobKind } from "./job.ts";
import { QUEUE_NAME } from "./keys.ts";

/** Payload of a queued job. It says what, not how far: the worker rereads the record and the cluster at each attempt. */
export interface JobPayload {
  /** Version of this shape; a worker leaves a payload of a newer version to newer workers. */
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
 * Ended jobs that stay in BullMQ for the operators' dashboard. Clients read the job's own record, which has a
 * retention of its own, so these may go early without anyone noticing.
 */
const KEEP_ENDED = { count: 1_000, age: 24 * 3_600 };

/** How each job is queued; jobs are lost neither by a crash of a worker nor by a failed attempt. */
export const JOB_OPTIONS: JobsOptions = {
  attempts: MAX_ATTEMPTS,
  backoff: { type: "exponential", delay: FIRST_BACKOFF_MS, jitter: 0.5 },
  removeOnComplete: KEEP_ENDED,
  removeOnFail: KEEP_ENDED,
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

/** BullMQ's own limit. */
const LAST_PRIORITY = 2_097_151;

/**
 * A job's place in the queue, 1 being served first: a user's n-th open job waits behind all others' n-th, so that many
 * starts of one user do not delay the next user's first. Among equals the older one comes first.
 */
export function fairPriority(userOpenJobs: number): number {
  return Math.min(Math.max(userOpenJobs, 1), LAST_PRIORITY);
}

/**
 * Puts a job under its id into the queue. Adding the same id again changes nothing (BullMQ), so a repeat after a lost
 * reply is harmless. One Redis round trip.
 * @param priority see {@link fairPriority}; 1 where the service itself asks.
 */
export async function enqueue(
  queue: JobQueue,
  jobId: string,
  kind: JobKind,
  payload: JobPayload,
  priority = 1,
): Promise<void> {
  await queue.add(kind, payload, { jobId, priority });
}

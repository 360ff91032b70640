import {
  enqueue,
  type IntentStore,
  type JobQueue,
  type JobRecord,
  type JobStore,
  QUEUE_NAME,
  type QueuedJob,
} from "@repl/contract";
import { jobSpan, type Log, type Span, type Tracer } from "@repl/ops";

/** What the sweep of the queue works with. */
export interface QueueSweepDeps {
  readonly store: JobStore;
  readonly intents: IntentStore;
  readonly queue: JobQueue;
  readonly log: Log;
  readonly tracer: Tracer;
}

/** An open job this old has either been queued long ago or its queueing was lost. */
const LOST_AFTER_MS = 10_000;
/** Jobs whose queue entries are read in one round trip. */
const BATCH = 500;
/**
 * No worker puts a job off for as long as this by its own clock. One whose clock runs ahead does, by those of the others,
 * since BullMQ reckons with the workers' clocks; when it is gone or put right nobody takes the job before it is due.
 */
const PUT_OFF_TOO_LONG_MS = 30_000;

/**
 * Jobs that were accepted but are not in the queue, because the api ended between the two, or whose queue entry ended
 * without them, because Redis lost or BullMQ gave up an attempt. A long queue is looked through batch by batch: one job
 * after the other it would take as many round trips as jobs wait.
 */
export async function requeueLostJobs(deps: QueueSweepDeps, signal: AbortSignal): Promise<number> {
  const jobIds = await deps.intents.openJobs(LOST_AFTER_MS);
  let requeued = 0;
  for (let from = 0; from < jobIds.length; from += BATCH) {
    const batch = jobIds.slice(from, from + BATCH);
    const entries = await Promise.all(batch.map((jobId) => deps.queue.getJob(jobId)));
    for (const [index, jobId] of batch.entries()) {
      signal.throwIfAborted();
      if (await requeueIfLost(jobId, entries[index], deps)) requeued += 1;
    }
  }
  return requeued;
}

async function requeueIfLost(jobId: string, queued: QueuedJob | undefined, deps: QueueSweepDeps): Promise<boolean> {
  if (queued !== undefined && queued.finishedOn === undefined) return false;
  const record = await deps.store.find(jobId);
  if (record === null) await forget(jobId, deps);
  if (record === null || record.finishedAt !== null) return false;
  await queued?.remove();
  const { name, options } = jobSpan("producer", { ...record, queue: QUEUE_NAME });
  await deps.tracer.run(name, (span) => requeue(record, deps, span), options);
  return true;
}

/** What such a job was to do is found out by comparing the cluster with the intents, as for any other. */
async function forget(jobId: string, { intents, log }: QueueSweepDeps): Promise<void> {
  await intents.forgetJob(jobId);
  log.warn({ jobId }, "forgot an open job whose record was lost");
}

/** Its attempts stay in the job's own trace; the sweep's points to it. */
async function requeue(record: JobRecord, { queue, log }: QueueSweepDeps, span: Span): Promise<void> {
  const { jobId, kind, replId, userId, requestId, turn, trace } = record;
  if (trace !== undefined) span.link(trace);
  await enqueue(queue, jobId, kind, { version: 1, replId, userId, requestId }, turn);
  log.warn({ jobId, kind, replId, userId, requestId }, "queued a job again whose place in the queue was lost");
}

/** Jobs that a clock which ran ahead has put off; one that has begun meanwhile is left alone. */
export async function bringForward({ intents, queue, log }: QueueSweepDeps, signal: AbortSignal): Promise<number> {
  let broughtForward = 0;
  for (const jobId of await intents.putOff(PUT_OFF_TOO_LONG_MS)) {
    signal.throwIfAborted();
    const job = await queue.getJob(jobId);
    if (job === undefined || !(await job.isDelayed())) continue;
    await job.promote();
    log.warn({ jobId, kind: job.name, replId: job.data.replId }, "brought forward a job that a worker's clock put off");
    broughtForward += 1;
  }
  return broughtForward;
}

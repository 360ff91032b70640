import { randomUUID } from "node:crypto";
import { Failure, type JobRecord, QUEUE_NAME, type QueuedJob, toFailure } from "@repl/contract";
import { jobSpan, type Span, type Tracer } from "@repl/ops";
import { AttemptEnded, type EndReason } from "./attempt-ended.ts";
import type { RunDeps } from "./deps.ts";
import { createLeases, type LeaseHolder } from "./leases.ts";
import { complete, delay, fail, type RunningAttempt, standDown } from "./outcomes.ts";

/** The attempts under way in this process. */
interface Attempts {
  /** Ends the attempt of that job, if there is one here. */
  end(jobId: string, reason: EndReason): void;
  endAll(reason: EndReason): void;
}

/** Builds the function that runs one attempt of a job, and the register by which attempts are ended from outside. */
export function createRunner(deps: RunDeps) {
  const { store, tracer } = deps;
  const leases = createLeases(store);
  const holders = new Map<string, LeaseHolder>();
  // An attempt that begins after this is ended at once.
  let endingAll: EndReason | undefined;

  const attempts: Attempts = {
    end: (jobId, reason) => holders.get(jobId)?.end(reason),
    endAll(reason) {
      endingAll = reason;
      for (const holder of holders.values()) holder.end(reason);
    },
  };

  /** BullMQ's processor. What it throws tells BullMQ what to do with the job next. */
  const run = async (job: QueuedJob, lockToken?: string): Promise<void> => {
    const jobId = job.id ?? "";
    const token = randomUUID();
    const beginning = await store.begin(jobId, token);
    if (beginning.outcome === "ended") return;
    if (beginning.outcome === "wait") return delay(job, lockToken, beginning.waitMs);

    const { record, ranBefore } = beginning;
    const lease = { jobId, replId: record.replId, token };
    const holder = leases.hold(lease);
    holders.set(jobId, holder);
    if (endingAll !== undefined) holder.end(endingAll);
    const span = startSpan(tracer, record);
    const log = deps.log.child(logFields(record, span));
    const attempt = { job, lockToken, record, lease, holder, log, span, ranBefore };
    const work = () =>
      beginning.outcome === "run" ? complete(attempt, deps) : Promise.reject(new Failure("worker_crashed"));
    try {
      await tracer.within(span, () => conclude(attempt, work, deps));
    } finally {
      span.end();
      holder.release();
      // After a lost lease the job's next attempt may be here already.
      if (holders.get(jobId) === holder) holders.delete(jobId);
    }
  };

  return { run, attempts };
}

/** Runs the work and, where it throws, records why: the attempt was ended from outside, or it failed. */
async function conclude(attempt: RunningAttempt, work: () => Promise<void>, deps: RunDeps): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    const { reason } = attempt.holder.signal;
    if (reason instanceof AttemptEnded) return standDown(attempt, reason.reason, deps);
    await fail(attempt, toFailure(thrown), deps);
  }
}

/** Every attempt is below the request that made the job, also one that comes after others or was queued by the sweep. */
function startSpan(tracer: Tracer, { jobId, kind, replId, made, trace }: JobRecord): Span {
  const { name, options } = jobSpan("consumer", { queue: QUEUE_NAME, jobId, kind, replId, attempt: made });
  return tracer.start(name, { ...options, parent: trace });
}

function logFields({ jobId, kind, replId, userId, requestId, made }: JobRecord, { traceId }: Span) {
  return { jobId, kind, replId, userId, requestId, attempt: made, traceId };
}

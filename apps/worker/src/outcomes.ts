import type { Failure, JobChange, JobRecord, Lease, QueuedJob } from "@repl/contract";
import type { Log, Span } from "@repl/ops";
import { type Dossier, gatherDossier } from "@repl/provision";
import { DelayedError, UnrecoverableError, WaitingError } from "bullmq";
import { AttemptEnded, type EndReason } from "./attempt-ended.ts";
import type { RunDeps } from "./deps.ts";
import type { LeaseHolder } from "./leases.ts";
import { startRepl } from "./start-repl.ts";
import { stopRepl } from "./stop-repl.ts";

/** Longest pause before a job that has to wait for its repl looks again. */
const LOOK_AGAIN_MS = 250;

/** The evidence is worth some seconds of the user's wait, not more. */
const LONGEST_GATHERING_MS = 3_000;

/** A pod goes only when its node says that it is gone; from a node that went away that word may never come. */
const GONE_WITHOUT_NODE_MS = 3_000;

/** One attempt while it holds its repl. */
export interface RunningAttempt {
  readonly job: QueuedJob;
  readonly lockToken: string | undefined;
  readonly record: JobRecord;
  readonly lease: Lease;
  readonly holder: LeaseHolder;
  readonly log: Log;
  readonly span: Span;
  /** Whether the repl has been ready since its intent last changed: then a failed start leaves it as it is. */
  readonly ranBefore: boolean;
}

/** Runs the pipeline of the job's kind and records its result. */
export async function complete({ record, lease, holder, log, span }: RunningAttempt, deps: RunDeps): Promise<void> {
  const pipeline = record.kind === "start" ? startRepl : stopRepl;
  const result = await pipeline(record, holder, deps);
  const hold = await deps.store.settle(lease, "completed", result);
  // Once it is recorded, nothing that ends attempts counts any more.
  if (hold !== "ok") {
    holder.end(hold);
    holder.signal.throwIfAborted();
  }
  span.set({ "job.outcome": "completed" });
  log.info({ resources: result.resources?.map(({ kind, action }) => `${kind} ${action}`) }, "job completed");
}

/** Ends an attempt that may not go on, without counting it. */
export async function standDown(
  { job, lockToken, lease, log, span }: RunningAttempt,
  reason: EndReason,
  { store }: RunDeps,
): Promise<void> {
  log.info({ reason }, "attempt ended early");
  span.set({ "job.outcome": reason });
  const hold = await store.settle(
    lease,
    "queued",
    reason === "shutdown" ? { message: "Waiting for another worker." } : {},
  );
  if (hold === "cancelled") return;
  if (reason === "lost") return delay(job, lockToken);
  await job.moveToWait(lockToken);
  throw new WaitingError();
}

/** The only place where a failure becomes BullMQ's decision to retry or not. */
export async function fail(attempt: RunningAttempt, failure: Failure, deps: RunDeps): Promise<void> {
  const { record } = attempt;
  const mayRetry = failure.retriedByWorker && record.made < record.max;
  return mayRetry ? retryLater(attempt, failure, deps) : giveUp(attempt, failure, deps);
}

async function retryLater(
  { job, lockToken, lease, log, span }: RunningAttempt,
  failure: Failure,
  { store }: RunDeps,
): Promise<void> {
  log.warn({ code: failure.code, err: failure }, "attempt failed, will be retried");
  span.set({ "job.outcome": "retrying" });
  span.fail(failure.code);
  const change = { message: `${failure.message} Trying again.`, error: failure.toJobError() };
  const hold = await store.settle(lease, "retrying", change);
  if (hold === "lost") return delay(job, lockToken); // The record counts no attempt, so the queue must not either.
  if (hold === "ok") throw failure;
}

async function giveUp(attempt: RunningAttempt, failure: Failure, deps: RunDeps): Promise<void> {
  const { job, lockToken, record, lease, holder, log, span } = attempt;
  const { tracer } = deps;
  const evidence =
    record.kind === "start" ? await tracer.run("gather evidence", () => gatherEvidence(attempt, deps)) : {};
  const cleanUp = record.kind === "start" && !attempt.ranBefore && deps.cleanUpOnFailure;
  const leftovers = cleanUp ? await tracer.run("clean up", () => cleanUpAfter(attempt, failure, deps)) : {};
  const { reason } = holder.signal;
  if (reason instanceof AttemptEnded) return standDown(attempt, reason.reason, deps);

  log.error({ code: failure.code, err: failure }, "job failed");
  span.set({ "job.outcome": "failed" });
  span.fail(failure.code);
  const error = { ...failure.toJobError(), details: { ...failure.details, ...evidence } };
  const hold = await deps.store.settle(lease, "failed", { ...leftovers, message: sentenceOf(record, failure), error });
  if (hold === "lost") return delay(job, lockToken);
  if (hold === "ok") throw new UnrecoverableError(`${failure.code}: ${failure.message}`);
}

/** What the cluster knows of the failure, kept because the clean-up destroys it. Empty where no pod came to be. */
async function gatherEvidence(
  { record, holder, log }: RunningAttempt,
  { client, view, homes }: RunDeps,
): Promise<{ dossier?: Dossier }> {
  const pods = view.podsOf(record.replId, homes.namespaceOf(record.userId));
  if (pods.length === 0) return {};
  try {
    const signal = AbortSignal.any([holder.signal, AbortSignal.timeout(LONGEST_GATHERING_MS)]);
    return { dossier: await gatherDossier(client, pods, signal) };
  } catch (error) {
    log.warn({ err: error }, "the evidence of a failed start could not be gathered");
    return {};
  }
}

/** Deletes what a failed start made. Where that fails too, the sweep does it later: the failure itself is what counts. */
async function cleanUpAfter(
  { record, holder, log }: RunningAttempt,
  { code }: Failure,
  deps: RunDeps,
): Promise<JobChange> {
  const { goneMs } = deps.patience;
  const patience = { ...deps.patience, goneMs: code === "node_lost" ? Math.min(goneMs, GONE_WITHOUT_NODE_MS) : goneMs };
  try {
    const { resources } = await stopRepl(record, { ...holder, report: async () => {} }, { ...deps, patience });
    return { resources: resources ?? [] };
  } catch (error) {
    log.warn({ err: error }, "clean-up after a failed start did not succeed");
    return {};
  }
}

function sentenceOf({ kind }: JobRecord, failure: Failure): string {
  return `Failed to ${kind === "start" ? "create" : "delete"} resources: ${failure.message}`;
}

/** Puts the job back for a moment, without counting an attempt. Always throws what tells BullMQ so. */
export async function delay(job: QueuedJob, lockToken: string | undefined, waitMs = LOOK_AGAIN_MS): Promise<never> {
  await job.moveToDelayed(Date.now() + Math.min(waitMs, LOOK_AGAIN_MS), lockToken);
  throw new DelayedError();
}

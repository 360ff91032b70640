import { type JobKind, type JobState, TERMINAL_STATES } from "../job.ts";
import type { ReplState, ReplStatus } from "../repl-status.ts";

/** A repl's latest job as far as it is still kept. Times are milliseconds since 1970 by Redis' clock. */
interface LatestJob {
  readonly kind: JobKind;
  readonly state: JobState;
  readonly createdAt: number;
  /** 0 while it has not ended. */
  readonly finishedAt: number;
}

/** One repl as Redis holds it, decoded. Times are milliseconds since 1970 by Redis' clock. */
export interface ReplRecord {
  readonly replId: string;
  readonly userId: string;
  readonly desired: "running" | "stopped";
  readonly generation: number;
  /** When the intent last changed. */
  readonly changedAt: number;
  /** When it was last ready; 0 unless at the present generation. */
  readonly readyAt: number;
  /** Where it answered when it was last ready. */
  readonly urls: readonly string[];
  readonly jobId: string;
  readonly lastFailed: boolean;
  /** Missing once the job is no longer kept. */
  readonly job?: LatestJob;
}

/** The fields of a repl's hash that {@link decodeRepl} takes, in its order. */
export const REPL_FIELDS = [
  "userId",
  "desired",
  "generation",
  "changedAt",
  "readyGeneration",
  "readyAt",
  "urls",
  "jobId",
  "lastState",
] as const;

/** The fields of a job's hash that {@link decodeRepl} takes, in its order. */
export const LATEST_JOB_FIELDS = ["kind", "state", "createdAt", "finishedAt"] as const;

type Values = readonly (string | null)[];

/** Redis' replies for both lists of fields as a record; undefined where there is no such repl. */
export function decodeRepl(replId: string, repl: Values, job: Values): ReplRecord | undefined {
  const [userId, desired, generation, changedAt, readyGeneration, readyAt, urls, jobId, lastState] = repl;
  if (!userId) return undefined;
  const [kind, state, createdAt, finishedAt] = job;
  const latest = kind && {
    kind: kind as JobKind,
    state: state as JobState,
    createdAt: Number(createdAt),
    finishedAt: Number(finishedAt ?? 0),
  };
  return {
    replId,
    userId,
    desired: desired === "running" ? "running" : "stopped",
    generation: Number(generation),
    changedAt: Number(changedAt),
    readyAt: readyGeneration === generation ? Number(readyAt ?? 0) : 0,
    urls: urls ? (JSON.parse(urls) as string[]) : [],
    jobId: jobId ?? "",
    lastFailed: lastState === "failed",
    ...(latest ? { job: latest } : {}),
  };
}

/** The record as clients see it. */
export function toReplStatus(record: ReplRecord): ReplStatus {
  const { replId, userId, desired, generation, jobId, job } = record;
  const state = stateOf(record);
  return {
    replId,
    userId,
    desired,
    state,
    since: new Date(sinceOf(record, state)).toISOString(),
    urls: state === "running" ? [...record.urls] : [],
    generation,
    job: { jobId, kind: job?.kind ?? null, state: job?.state ?? null },
  };
}

function stateOf({ desired, readyAt, lastFailed, job }: ReplRecord): ReplState {
  if (lastFailed) return "failed";
  if (desired === "running") return readyAt > 0 ? "running" : "starting";
  return job !== undefined && !TERMINAL_STATES.has(job.state) ? "stopping" : "stopped";
}

/** A job's times where its job is what made the state, else what the intent itself knows. */
function sinceOf({ readyAt, changedAt, job }: ReplRecord, state: ReplState): number {
  if (state === "running") return readyAt;
  if (state === "starting" || state === "stopping") return job?.createdAt ?? changedAt;
  return job?.finishedAt || changedAt;
}

import type { JobError, JobKind, JobReason, JobState, JobStatus, Phase, QueuePlace, ResourceStatus } from "../job.ts";

/** One attempt that has ended. Times are milliseconds since 1970 by Redis' clock. */
interface PastAttempt {
  readonly attempt: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** `queued`: handed back, for another worker to go on. */
  readonly outcome: "completed" | "failed" | "retrying" | "queued";
  /** Why it failed; empty where it did not. */
  readonly code: string;
}

/** When a job came to a phase, in milliseconds since 1970 by Redis' clock. */
interface PhaseEntry {
  readonly phase: Phase;
  readonly enteredAt: number;
}

/** One job as Redis holds it: the hash `job:<id>`, decoded. Times are milliseconds since 1970 by Redis' clock. */
export interface JobRecord {
  readonly jobId: string;
  readonly kind: JobKind;
  readonly replId: string;
  readonly userId: string;
  readonly generation: number;
  readonly reason: JobReason;
  readonly state: JobState;
  readonly phase: Phase;
  /** The phases before `done` in the order the job came to them; the first 30 of a job that goes round and round. */
  readonly phases: readonly PhaseEntry[];
  readonly progress: number;
  readonly message: string;
  readonly made: number;
  readonly max: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly requestId: string;
  /** What carries the trace of the request that made the job; missing where it was not traced. */
  readonly trace?: Readonly<Record<string, string>>;
  readonly history: readonly PastAttempt[];
  readonly resources: readonly ResourceStatus[];
  readonly urls: readonly string[];
  readonly error: JobError | null;
  /** Its place in the queue: the lowest is served first. */
  readonly turn: number;
  /** No part of the hash: read with it by `find`, null in what is published. */
  readonly queue: QueuePlace | null;
  /** Grows by one with every change of the record; a Redis that lost its last writes counts some numbers again. */
  readonly version: number;
  /** When the record last changed, which tells two changes of one number apart. */
  readonly changedAt: number;
}

/** What an attempt may change of its job's record. */
export type JobChange = Partial<Pick<JobRecord, "phase" | "progress" | "message" | "resources" | "urls" | "error">>;

/** Redis' flat reply (field, value, field, value …) as a record; null for the empty reply of a missing key. */
export function decodeRecord(reply: readonly string[]): JobRecord | null {
  if (reply.length === 0) return null;
  const fields = new Map<string, string>();
  for (let index = 0; index < reply.length; index += 2) fields.set(reply[index] as string, reply[index + 1] as string);
  const text = (name: string) => fields.get(name) ?? "";
  const number = (name: string) => Number(fields.get(name) ?? 0);
  const time = (name: string) => (fields.has(name) ? number(name) : null);
  const json = <Value>(name: string, fallback: Value): Value => {
    const encoded = fields.get(name);
    return encoded === undefined ? fallback : (JSON.parse(encoded) as Value);
  };
  return {
    jobId: text("jobId"),
    kind: text("kind") as JobKind,
    replId: text("replId"),
    userId: text("userId"),
    generation: number("generation"),
    reason: (text("reason") || "requested") as JobReason,
    state: text("state") as JobState,
    phase: text("phase") as Phase,
    phases: json("phases", []),
    progress: number("progress"),
    message: text("message"),
    made: number("made"),
    max: number("max"),
    createdAt: number("createdAt"),
    startedAt: time("startedAt"),
    finishedAt: time("finishedAt"),
    requestId: text("requestId"),
    ...(fields.has("trace") ? { trace: json("trace", {}) } : {}),
    history: json("history", []),
    resources: json("resources", []),
    urls: json("urls", []),
    error: json("error", null),
    turn: number("turn") || 1,
    queue: null,
    version: number("version"),
    changedAt: number("changedAt"),
  };
}

/** Whose record a flat one is, at a tenth of what it takes to decode it; undefined for what is none. */
export function jobIdOf(fields: readonly string[]): string | undefined {
  for (let index = 0; index < fields.length; index += 2) if (fields[index] === "jobId") return fields[index + 1];
  return undefined;
}

/** A change as the flat arguments of HSET. */
export function encodeChange(change: JobChange): (string | number)[] {
  return Object.entries(change).flatMap(([field, value]) => [
    field,
    typeof value === "string" || typeof value === "number" ? value : JSON.stringify(value),
  ]);
}

const toPastAttempt = ({ startedAt, endedAt, ...rest }: PastAttempt) => ({
  ...rest,
  startedAt: new Date(startedAt).toISOString(),
  endedAt: new Date(endedAt).toISOString(),
});

/** Each phase lasts until the next one begins, the last one until the job ends. */
function toPhaseTimings({ phases, finishedAt }: JobRecord): JobStatus["phases"] {
  return phases.map(({ phase, enteredAt }, index) => {
    const endedAt = phases[index + 1]?.enteredAt ?? finishedAt;
    const durationMs = endedAt === null ? null : Math.max(0, endedAt - enteredAt);
    return { phase, enteredAt: new Date(enteredAt).toISOString(), durationMs };
  });
}

const isoTime = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

/** The record as clients see it. */
export function toJobStatus(record: JobRecord): JobStatus {
  const {
    made,
    max,
    history,
    requestId: _requestId,
    trace: _trace,
    version: _version,
    changedAt: _changedAt,
    turn: _turn,
    createdAt,
    startedAt,
    finishedAt,
    ...rest
  } = record;
  return {
    ...rest,
    phases: toPhaseTimings(record),
    resources: [...rest.resources],
    urls: [...rest.urls],
    attempts: { made, max, history: history.map(toPastAttempt) },
    createdAt: new Date(createdAt).toISOString(),
    startedAt: isoTime(startedAt),
    finishedAt: isoTime(finishedAt),
  };
}

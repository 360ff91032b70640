import type { JobError, JobKind, JobReason, JobState, JobStatus, Phase, ResourceStatus } from "../job.ts";

/** One attempt that has ended. Times are milliseconds since 1970 by Redis' clock. */
export interface PastAttempt {
  readonly attempt: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** `queued`: handed back, for another worker to go on. */
  readonly outcome: "completed" | "failed" | "retrying" | "queued";
  /** Why it failed; empty where it did not. */
  readonly code: string;
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
  readonly progress: number;
  readonly message: string;
  readonly made: number;
  readonly max: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly requestId: string;
  readonly history: readonly PastAttempt[];
  readonly resources: readonly ResourceStatus[];
  readonly urls: readonly string[];
  readonly error: JobError | null;
  /** Grows by one with every change of the record. */
  readonly version: number;
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
    progress: number("progress"),
    message: text("message"),
    made: number("made"),
    max: number("max"),
    createdAt: number("createdAt"),
    startedAt: time("startedAt"),
    finishedAt: time("finishedAt"),
    requestId: text("requestId"),
    history: json("history", []),
    resources: json("resources", []),
    urls: json("urls", []),
    error: json("error", null),
    version: number("version"),
  };
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

const isoTime = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

/** The record as clients see it. */
export function toJobStatus(record: JobRecord): JobStatus {
  const {
    made,
    max,
    history,
    requestId: _requestId,
    version: _version,
    createdAt,
    startedAt,
    finishedAt,
    ...rest
  } = record;
  return {
    ...rest,
    resources: [...rest.resources],
    urls: [...rest.urls],
    attempts: { made, max, history: history.map(toPastAttempt) },
    createdAt: new Date(createdAt).toISOString(),
    startedAt: isoTime(startedAt),
    finishedAt: isoTime(finishedAt),
  };
}

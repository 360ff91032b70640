import type { FailureCode, Open } from "./codes.ts";

/** What a job does to its repl. */
export type JobKind = "start" | "stop";

/** Life of a job: queued → active → (retrying → active)* → completed | failed | cancelled. */
export type JobState = "queued" | "active" | "retrying" | "completed" | "failed" | "cancelled";

/** The step that a job is at; {@link STEPS} has them in order. */
export type Phase =
  | "queued"
  | "applying"
  | "deleting"
  | "scheduling"
  | "pulling"
  | "copying"
  | "starting"
  | "answering"
  | "done";

/** One object in the cluster that a job has changed, or found as it should be. */
export interface ResourceStatus {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly action: "created" | "updated" | "unchanged" | "deleted" | "absent";
  /** Whether it serves (or is gone, for a stop). */
  readonly ready: boolean;
  /** In plain words; empty where there is nothing to say. */
  readonly message: string;
}

/** Why a job failed, or the last attempt of one that is not over or was cancelled. */
export interface JobError {
  /** For programs, such as `image_pull_failed`. */
  readonly code: Open<FailureCode>;
  /** For the user, in plain words. */
  readonly message: string;
  /** Whether the same start may succeed later without a change. */
  readonly retryable: boolean;
  /** The evidence: conditions, exit codes, last messages. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** One attempt of a job that has ended. Times are ISO 8601 in UTC. */
export interface PastAttempt {
  readonly attempt: number;
  readonly startedAt: string;
  readonly endedAt: string;
  /** `queued`: handed back, for another worker to go on. */
  readonly outcome: "completed" | "failed" | "retrying" | "queued";
  /** Why it failed; empty where it did not. */
  readonly code: string;
}

/** Where a job stands that waits for a worker. */
export interface QueuePlace {
  /** Jobs that begin before it, if nobody asks for more. */
  readonly ahead: number;
  /** An estimate; null where there is no worker or nothing to go by. */
  readonly startsInSeconds: number | null;
}

/** One step of a job, and how long it took. */
export interface PhaseTiming {
  readonly phase: Phase;
  /** ISO 8601 in UTC. */
  readonly enteredAt: string;
  /** Null while the job is at it. */
  readonly durationMs: number | null;
}

/** A job as `GET /jobs/:jobId` and the events tell it. Times are ISO 8601 in UTC, by the service's clock. */
export interface JobStatus {
  readonly jobId: string;
  readonly kind: JobKind;
  readonly replId: string;
  readonly userId: string;
  /** Grows by one with every change of what the repl should be. */
  readonly generation: number;
  /** Why the job came to be: asked for, the repl was idle for too long, or the cluster had to be repaired. */
  readonly reason: "requested" | "idle" | "repair";
  readonly state: JobState;
  readonly phase: Phase;
  /** The steps so far, in the order it came to them; one that a further attempt comes to again is there again. */
  readonly phases: readonly PhaseTiming[];
  /** Percent; never goes back within an attempt. */
  readonly progress: number;
  /** What happens now, or how it ended, in plain words. */
  readonly message: string;
  /** Its place at the moment of the answer; null unless it is queued or retrying, and in events after the first. */
  readonly queue: QueuePlace | null;
  readonly attempts: { readonly made: number; readonly max: number; readonly history: readonly PastAttempt[] };
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly resources: readonly ResourceStatus[];
  /** Where the workspace answers. */
  readonly urls: readonly string[];
  /** Null unless an attempt has failed, also of a job that was cancelled; null again once the job is completed. */
  readonly error: JobError | null;
}

/** The answer to an accepted start or stop. */
export interface JobAccepted {
  readonly jobId: string;
  readonly replId: string;
  readonly state: JobState;
  /** Relative to the service's address, as `eventsUrl`. */
  readonly statusUrl: string;
  readonly eventsUrl: string;
  /** True where this very job was under way already. */
  readonly joined?: boolean;
}

/** What a repl is doing. */
export type ReplState = "running" | "starting" | "stopping" | "stopped" | "failed";

/** A repl as `GET /repls/:replId` tells it. Times are ISO 8601 in UTC, by the service's clock. */
export interface ReplStatus {
  readonly replId: string;
  readonly userId: string;
  /** What the service holds it to: a start that failed before the repl ran, and a stop for lack of use, make it `stopped`. */
  readonly desired: "running" | "stopped";
  /** What it is; failed: its latest job failed. */
  readonly state: ReplState;
  /** Since when it is that. */
  readonly since: string;
  /** Where the workspace answers; empty unless it runs. */
  readonly urls: readonly string[];
  /** Grows by one with every change of what the repl should be. */
  readonly generation: number;
  /** Its latest job; kind and state are null once the job is no longer kept. */
  readonly job: { readonly jobId: string; readonly kind: JobKind | null; readonly state: JobState | null };
}

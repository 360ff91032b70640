import type { JobKind, JobReason, JobState } from "../job.ts";

/** A request for a start or a stop, checked against the schemas. */
export interface JobRequest {
  readonly kind: JobKind;
  readonly replId: string;
  readonly userId: string;
  /** Id for the job if it is accepted; random, at least 122 bits. */
  readonly jobId: string;
  /** Id of the HTTP request, for the logs. */
  readonly requestId: string;
  /** What carries the request's trace to the job's attempts (W3C Trace Context); kept with the job, for whoever runs it. */
  readonly trace?: Readonly<Record<string, string>> | undefined;
  /** Default: `requested`. */
  readonly reason?: JobReason;
  /** What must still hold, for a decision that was taken on an earlier look at the intent. */
  readonly onlyIf?: {
    readonly generation: number;
    /** The repl has not been in use since then: milliseconds since 1970. */
    readonly unusedSinceMs?: number;
  };
  /** Names this order among those of its user: the same order under the same key is answered as the first time. */
  readonly idempotencyKey?: string | undefined;
  /** Whose requests the rate limit counts; left out: none. */
  readonly rateKey?: string;
}

/** Limits on what is accepted; each 0 is no limit, and 0 is the default. Stops are limited by the rate only. */
export interface AcceptLimits {
  /** Most starts that may be open at once, of all users. */
  readonly maxOpenJobs?: number;
  /** Most repls of one user that may be meant to run at once. */
  readonly maxRunningPerUser?: number;
  /** Most starts of one user that may be open at once. */
  readonly maxStartingPerUser?: number;
  /** Most orders a minute for each `rateKey`; all of them may come at once. */
  readonly ordersPerMinute?: number;
}

/** A client's account with the rate limit. */
export interface RateState {
  /** Most orders within a minute. */
  readonly limit: number;
  /** Orders that would be taken right now. */
  readonly remaining: number;
  /** Until `remaining` is `limit` again, if nothing is asked meanwhile. */
  readonly resetMs: number;
  /** Until the next order is taken; missing where this one was. */
  readonly retryMs?: number;
}

interface Answer {
  /** Jobs of all users that have not ended. */
  readonly openJobs: number;
  /** Missing where there is no rate limit. */
  readonly rate?: RateState;
}

/**
 * A request that was admitted. `accepted`: as a new job. `joined`: there was one under way. `replayed`: its idempotency
 * key is known, and this is what was answered then. While `queued` it should be followed by `enqueue` under the same id:
 * that is harmless to repeat, and the one before may have been lost.
 */
export interface Admission extends Answer {
  readonly outcome: "accepted" | "joined" | "replayed";
  readonly jobId: string;
  /** The job's state, for the answer; of a replay, the state that was answered then. */
  readonly state: JobState;
  /** Whether the job was under way before the request (of a replay: before the first one). */
  readonly joined: boolean;
  /** Whether the job waits for a worker right now. */
  readonly queued: boolean;
  /** Its place in the queue, for `enqueue`: 1 and more, the lowest being served first. */
  readonly turn: number;
  /** The trace of the job that was there before; missing where it has none, or the request named none of its own. */
  readonly trace?: Readonly<Record<string, string>>;
}

/**
 * A request that changed nothing. `foreign`: the repl belongs to another user. `full`: too many jobs are open.
 * `outdated`: `onlyIf` does not hold. `other_order`: the idempotency key was used for another order.
 */
interface Refusal extends Answer {
  readonly outcome: "foreign" | "full" | "outdated" | "rate_limited" | "other_order";
}

/** A start beyond what its user may have: `running` repls or `starting` ones. */
interface UserLimitRefusal extends Answer {
  readonly outcome: "user_limit";
  readonly limit: "running" | "starting";
  readonly max: number;
}

/** What became of a request. */
export type Acceptance = Admission | Refusal | UserLimitRefusal;

import type { Redis } from "ioredis";
import { FIRST_BACKOFF_MS, LAST_TURN, MAX_ATTEMPTS } from "../job-queue.ts";
import { keysOf } from "../keys.ts";
import type { Acceptance, AcceptLimits, JobRequest } from "./acceptance.ts";
import { type PlaceFacts, toQueuePlace } from "./queue-place.ts";
import { decodeRecord, encodeChange, type JobChange, type JobRecord } from "./record.ts";
import { loadScripts } from "./scripts.ts";

/** Whether an attempt may go on. `cancelled`: its job has ended. `lost`: another attempt may hold the repl. */
export type Hold = "ok" | "cancelled" | "lost";

/** The right to write one repl's resources for a while. */
export interface Lease {
  readonly jobId: string;
  readonly replId: string;
  /** Unique for each attempt. */
  readonly token: string;
}

/** What `begin` found. `wait`: try again after `waitMs` at the latest. */
export type Beginning =
  | {
      /** `crashed`: too many attempts in a row ended with their process; the job is to be given up. */
      readonly outcome: "run" | "crashed";
      readonly record: JobRecord;
      /** Whether the repl has been ready since its intent last changed. */
      readonly ranBefore: boolean;
    }
  | { readonly outcome: "wait"; readonly waitMs: number }
  | { readonly outcome: "ended" };

/** Limits of the store. */
export interface JobStoreOptions extends AcceptLimits {
  readonly prefix: string;
  /** How long an ended job stays readable. Default: 7 days. */
  readonly retentionSeconds?: number;
  /** How long a lease lasts without a renewal. Default: 10 s, the time until another worker may take over. */
  readonly leaseMs?: number;
  /** Longest pause between the first attempt and the second, which doubles with each further one; half of it is kept at least. Default: the queue's. */
  readonly firstBackoffMs?: number;
}

/** Attempts in a row that may end with their process before the job is given up: it may be what kills them. */
const TOLERATED_CRASHES = 10;
const DEFAULT_LEASE_MS = 10_000;
const WEEK_SECONDS = 7 * 24 * 3_600;
/** How long an idempotency key is remembered, as the IETF draft's common practice is. */
const IDEMPOTENCY_SECONDS = 24 * 3_600;
const MINUTE_MS = 60_000;
/** How long estimates go by attempts that have ended, when none ends any more. */
const PACE_SECONDS = 15 * 60;

/**
 * Intents and jobs in Redis: the only source of a job's status. Each method is one Redis round trip and, where it
 * writes, one Lua script; all reject with ioredis' errors when Redis does not answer.
 */
export type JobStore = ReturnType<typeof createJobStore>;

/** Builds a {@link JobStore} on a connection, which stays the caller's to close. */
export function createJobStore(redis: Redis, options: JobStoreOptions) {
  const { prefix, retentionSeconds = WEEK_SECONDS, leaseMs = DEFAULT_LEASE_MS } = options;
  const { firstBackoffMs = FIRST_BACKOFF_MS } = options;
  const keys = keysOf(prefix);
  const limits = JSON.stringify({
    openStarts: options.maxOpenJobs ?? 0,
    userRunning: options.maxRunningPerUser ?? 0,
    userStarting: options.maxStartingPerUser ?? 0,
    rate: { requests: options.ordersPerMinute ?? 0, windowMs: MINUTE_MS },
    retentionSeconds,
    idempotencySeconds: IDEMPOTENCY_SECONDS,
    lastTurn: LAST_TURN,
  });
  const run = loadScripts(redis);

  return {
    /** The lease's length, so that its holder knows how often to renew it. */
    leaseMs,

    /** Decides a start or a stop: accepts it, joins the one under way, or refuses. Repeating a call is harmless. */
    async accept(request: JobRequest): Promise<Acceptance> {
      const order = JSON.stringify({ reason: "requested", maxAttempts: MAX_ATTEMPTS, ...request });
      return JSON.parse((await run("accept", prefix, order, limits, keys.queue)) as string) as Acceptance;
    },

    /** One job's record with its place in the queue, or null where none is known under the id. */
    async find(jobId: string): Promise<JobRecord | null> {
      const [fields, place] = (await run("find", prefix, jobId, keys.queue)) as [string[], PlaceFacts?];
      const record = decodeRecord(fields);
      return record && { ...record, queue: toQueuePlace(place) };
    },

    /** Begins the next attempt of a job, unless it has ended or has to wait. */
    async begin(jobId: string, token: string): Promise<Beginning> {
      const leastPauseMs = firstBackoffMs / 2;
      const reply = await run("begin", prefix, jobId, token, leaseMs, TOLERATED_CRASHES, leastPauseMs);
      const [outcome, detail, ranBefore] = reply as [Beginning["outcome"], (string[] | number)?, number?];
      if (outcome === "ended") return { outcome };
      if (outcome === "wait") return { outcome, waitMs: detail as number };
      const record = decodeRecord(detail as string[]) as JobRecord;
      return { outcome, record, ranBefore: ranBefore === 1 };
    },

    /** Renews leases; one answer for each, in their order. For one of them it is the guard before a write to the cluster. */
    async renew(leases: readonly Lease[]): Promise<Hold[]> {
      const which = leases.flatMap(({ jobId, replId, token }) => [jobId, replId, token]);
      return (await run("renew", prefix, leaseMs, ...which)) as Hold[];
    },

    /** Writes a change, for clients and the dashboard, and renews the lease. */
    async report({ jobId, replId, token }: Lease, change: JobChange): Promise<Hold> {
      return (await run("report", prefix, jobId, replId, token, leaseMs, keys.queue, ...encodeChange(change))) as Hold;
    },

    /** Ends the attempt and gives the lease back; `queued` hands the job back to the other workers. */
    async settle(
      lease: Lease,
      state: "completed" | "failed" | "retrying" | "queued",
      change: JobChange,
    ): Promise<Hold> {
      const { jobId, replId, token } = lease;
      const code = change.error?.code ?? "";
      const fields = encodeChange(change);
      return (await run(
        "settle",
        prefix,
        jobId,
        replId,
        token,
        state,
        retentionSeconds,
        code,
        PACE_SECONDS,
        keys.queue,
        ...fields,
      )) as Hold;
    },

    /** Calls back with the id of every job that is cancelled from now on; needs a connection of its own, which it takes over. */
    async onCancelled(subscriber: Redis, listener: (jobId: string) => void): Promise<void> {
      subscriber.on("message", (_channel: string, jobId: string) => listener(jobId));
      await subscriber.subscribe(keys.cancelled);
    },
  };
}

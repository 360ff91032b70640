import type { Redis } from "ioredis";
import { keysOf } from "../keys.ts";
import { replyOf } from "./pipeline.ts";

/** What a repl should be, and what is known of it. Times are milliseconds since 1970 by Redis' clock; 0 where unknown. */
export interface Intent {
  readonly replId: string;
  readonly userId: string;
  readonly desired: "running" | "stopped";
  readonly generation: number;
  /** Its latest job. */
  readonly jobId: string;
  /** Whether that job has not ended. */
  readonly jobOpen: boolean;
  /** When its latest job that ran to its end had. */
  readonly settledAt: number;
  /** Whether its latest job ended and failed. */
  readonly lastFailed: boolean;
  /** Whether that was a start of a repl that has never run since its intent last changed: it is meant to be stopped since. */
  readonly startFailed: boolean;
  /** When it was last ready; 0 unless at the present generation. */
  readonly readyAt: number;
  /** When somebody last asked for it or said that it is in use. */
  readonly seenAt: number;
}

const FIELDS = [
  "userId",
  "desired",
  "generation",
  "jobId",
  "readyGeneration",
  "readyAt",
  "seenAt",
  "lastState",
  "startFailed",
  "settledAt",
] as const;

/** BullMQ 6 orders what is put off by its due time in ms, times this. */
const BULLMQ_DUE = 0x1000;

/** What the sweep reads, in as many round trips as are said beside each method. */
export type IntentStore = ReturnType<typeof createIntentStore>;

/** Builds an {@link IntentStore} on a connection, which stays the caller's to close. */
export function createIntentStore(redis: Redis, prefix: string) {
  const keys = keysOf(prefix);
  const nowMs = async () => {
    const [seconds, micros] = await redis.time();
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  };

  return {
    /**
     * The intents of those repls at one moment; repls that nobody has asked for are missing. One round trip. A job that ends
     * between the reading of its repl and of the open jobs would look as if it had ended long ago.
     */
    async find(replIds: readonly string[]): Promise<Map<string, Intent>> {
      const transaction = redis.multi();
      for (const replId of replIds) transaction.hmget(keys.repl(replId), ...FIELDS);
      transaction.zrange(keys.open, "0", "-1");
      const replies = (await transaction.exec()) ?? [];
      const open = new Set(replyOf(replies.at(-1)));
      const intents = replIds.map((replId, index) => toIntent(replId, replyOf(replies[index]), open));
      return new Map(intents.flatMap((intent) => (intent === undefined ? [] : [[intent.replId, intent]])));
    },

    /** Ids of all repls that are meant to run. One round trip. */
    running: (): Promise<string[]> => redis.smembers(keys.running),

    /** Redis' clock, which all times in the records are by. One round trip. */
    nowMs,

    /**
     * Ids of the jobs that have not ended and were accepted longer ago than that, or as far ahead, by a clock that was set back
     * since. Two round trips.
     */
    async openJobs(olderThanMs: number): Promise<string[]> {
      const now = await nowMs();
      const ranges = [
        ["-inf", String(now - olderThanMs)],
        [String(now + olderThanMs), "+inf"],
      ] as const;
      return (await Promise.all(ranges.map(([from, to]) => redis.zrange(keys.open, from, to, "BYSCORE")))).flat();
    },

    /** Counts a job whose record was lost as open no longer. What was asked for is in the repl's intent. One round trip. */
    async forgetJob(jobId: string): Promise<void> {
      await redis.multi().srem(keys.openStops, jobId).zrem(keys.open, jobId).exec();
    },

    /** Ids of the queue's jobs that are put off for longer than that from now. Two round trips. */
    async putOff(longerThanMs: number): Promise<string[]> {
      const dueAfter = ((await nowMs()) + longerThanMs) * BULLMQ_DUE;
      return redis.zrange(`${keys.queue}:delayed`, String(dueAfter), "+inf", "BYSCORE");
    },

    /** Prefixes of the names of users' namespaces in which repls of this installation may be. One round trip. */
    namespacePrefixes: (): Promise<string[]> => redis.smembers(keys.namespacePrefixes),

    /** Remembers a prefix before the first repl is started below it. One round trip. */
    async rememberNamespacePrefix(name: string): Promise<void> {
      await redis.sadd(keys.namespacePrefixes, name);
    },

    /** Forgets a prefix below which nothing is left. One round trip. */
    async forgetNamespacePrefix(name: string): Promise<void> {
      await redis.srem(keys.namespacePrefixes, name);
    },

    /** Since when this Redis has known every repl; the first call ever says: since now. Three round trips. */
    async knownSince(): Promise<number> {
      await redis.set(keys.knownSince, await nowMs(), "NX");
      return Number(await redis.get(keys.knownSince));
    },
  };
}

function toIntent(
  replId: string,
  values: readonly (string | null)[],
  open: ReadonlySet<string | null>,
): Intent | undefined {
  const [userId, desired, generation, jobId, readyGeneration, readyAt, seenAt, lastState, startFailed, settledAt] =
    values;
  if (!userId) return undefined;
  return {
    replId,
    userId,
    desired: desired === "running" ? "running" : "stopped",
    generation: Number(generation),
    jobId: jobId ?? "",
    jobOpen: open.has(jobId ?? ""),
    settledAt: Number(settledAt ?? 0),
    lastFailed: lastState === "failed",
    startFailed: startFailed === "1",
    readyAt: readyGeneration === generation ? Number(readyAt ?? 0) : 0,
    seenAt: Number(seenAt ?? 0),
  };
}

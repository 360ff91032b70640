import { decodeRecord, type JobRecord, jobIdOf } from "@repl/contract";
import type { Redis } from "ioredis";
import type { FastifyBaseLogger } from "../app-types.ts";

/** Somebody who wants to know every change of one job. */
interface Follower {
  /** The job's record as it is now; a record may come twice, and an older one after a newer. */
  changed(record: JobRecord): void;
  /** Nothing will come any more: the process is ending, or Redis has lost the job. */
  ended(): void;
}

/** Changes of jobs as they happen, for any number of followers on one connection to Redis. */
export interface JobFeed {
  /** Follows a job from now on; what is returned ends that. */
  follow(jobId: string, follower: Follower): () => void;
  /** Followers at the moment. */
  readonly followers: number;
  /** Whether changes arrive at the moment; followers miss none, they are read again after a gap. */
  readonly live: boolean;
  /** Ends all followers, at once. The connection stays the caller's to close. */
  close(): void;
}

interface JobFeedOptions {
  /** A connection of the feed's own that waits for Redis (no command timeout). */
  readonly subscriber: Redis;
  readonly channel: string;
  /** Reads one job; asked once for each followed job after each gap, however many follow it. */
  readonly find: (jobId: string) => Promise<JobRecord | null>;
  readonly log: FastifyBaseLogger;
  /** A connection that stays silent this long when asked is given up. Default: 5 s, asked every 10 s. */
  readonly probe?: { readonly everyMs: number; readonly timeoutMs: number };
}

/** Jobs read at the same time after a gap. */
const RESYNC_BATCH = 50;
const RESYNC_RETRY_MS = 1_000;

/** Opens the feed on a connection, now and after each reconnect. */
export function createJobFeed({ subscriber, channel, find, log, probe }: JobFeedOptions): JobFeed {
  const followers = new Map<string, Set<Follower>>();
  let count = 0;
  let live = false;
  let closed = false;
  /** Connections that were lost so far. */
  let lost = 0;

  const deliver = (record: JobRecord) => {
    for (const follower of followers.get(record.jobId) ?? []) follower.changed(record);
  };
  const end = (jobId: string) => {
    for (const follower of [...(followers.get(jobId) ?? [])]) follower.ended();
  };
  const receive = (message: string) => {
    try {
      const fields = JSON.parse(message) as string[];
      // Most changes are of jobs that nobody follows here.
      const record = followers.has(jobIdOf(fields) ?? "") ? decodeRecord(fields) : null;
      if (record !== null) deliver(record);
    } catch (error) {
      log.warn({ err: error }, "a message that is no job's record was ignored");
    }
  };
  const renew = async (jobId: string) => {
    const record = await find(jobId);
    if (record === null) end(jobId);
    else deliver(record);
  };
  const resync = async () => {
    const jobIds = [...followers.keys()];
    for (let from = 0; from < jobIds.length; from += RESYNC_BATCH)
      await Promise.all(jobIds.slice(from, from + RESYNC_BATCH).map(renew));
  };
  // Subscribing comes before reading: a change in between arrives twice rather than never.
  const open = async () => {
    const before = lost;
    try {
      await subscriber.subscribe(channel);
      await resync();
      live = lost === before;
    } catch (error) {
      log.debug({ err: error }, "changes of jobs cannot be followed yet");
      if (!closed) setTimeout(() => subscriber.status === "ready" && void open(), RESYNC_RETRY_MS).unref();
    }
  };
  subscriber.on("ready", () => void open());
  subscriber.on("close", () => {
    lost += 1;
    live = false;
  });
  subscriber.on("message", (_channel: string, message: string) => {
    if (count > 0) receive(message);
  });
  if (subscriber.status === "ready") void open();
  const stopProbing = keepProbing(subscriber, probe);

  return {
    get live() {
      return live;
    },
    get followers() {
      return count;
    },
    follow(jobId, follower) {
      if (closed) {
        follower.ended();
        return () => {};
      }
      const alike = followers.get(jobId) ?? new Set();
      followers.set(jobId, alike.add(follower));
      count += 1;
      return () => {
        if (!alike.delete(follower)) return;
        count -= 1;
        if (alike.size === 0) followers.delete(jobId);
      };
    },
    close() {
      closed = true;
      stopProbing();
      for (const jobId of [...followers.keys()]) end(jobId);
    },
  };
}

/** A connection cut off without a word (no FIN, no RST) would keep its followers waiting for many minutes. */
function keepProbing(subscriber: Redis, { everyMs, timeoutMs } = { everyMs: 10_000, timeoutMs: 5_000 }): () => void {
  let asked = false;
  const probe = () => {
    if (asked || subscriber.status !== "ready") return;
    asked = true;
    // It takes ioredis two more seconds to let go of such a connection, which rejects the ping.
    const deadline = setTimeout(() => subscriber.disconnect(true), timeoutMs);
    const clear = () => {
      clearTimeout(deadline);
      asked = false;
    };
    subscriber.ping().then(clear, clear);
  };
  const timer = setInterval(probe, everyMs);
  return () => clearInterval(timer);
}

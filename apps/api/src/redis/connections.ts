import { once } from "node:events";
import {
  connectForRequests,
  connectForWork,
  createJobStore,
  enqueue,
  type JobKind,
  type JobPayload,
  type JobStore,
  keysOf,
  openJobQueue,
} from "@repl/contract";
import type { Redis } from "ioredis";
import type { FastifyBaseLogger } from "../app-types.ts";
import { createJobFeed, type JobFeed } from "../follow/job-feed.ts";
import { createLogLimiter } from "./log-limiter.ts";

/** Everything the api has in Redis. */
export interface Connections {
  readonly store: JobStore;
  readonly enqueue: (jobId: string, kind: JobKind, payload: JobPayload) => Promise<void>;
  readonly feed: JobFeed;
  /** Resolves when Redis answers; rejects within a second otherwise. */
  readonly ping: () => Promise<unknown>;
  /** Resolves once Redis answered for the first time, or after `timeoutMs`. */
  readonly settled: (timeoutMs: number) => Promise<void>;
  /** Ends all connections; commands that still wait are given up. */
  readonly close: () => Promise<void>;
}

/** Where Redis is and how the api uses it. */
export interface RedisOptions {
  readonly redisUrl: string;
  readonly queuePrefix: string;
  readonly jobRetentionSeconds: number;
  /** Most jobs that may be open at once; 0 is no limit. */
  readonly maxOpenJobs: number;
}

/**
 * Opens the process's three connections; Redis need not be there yet. Requests have one that fails fast. The queue has
 * one that waits: a job that was recorded while Redis was about to go is queued as soon as it is back, under its own id.
 */
export function openConnections(options: RedisOptions, log: FastifyBaseLogger): Connections {
  const { redisUrl, queuePrefix: prefix, jobRetentionSeconds: retentionSeconds, maxOpenJobs } = options;
  const limited = createLogLimiter(log);
  let closed = false;
  // ioredis finishes a handshake it has begun, and complains about it, even after disconnect().
  const logError = (source: string, error: Error) => {
    if (!closed) limited(source, error);
  };
  const connect = (source: string, open: (url: string) => Redis) => {
    const redis = open(redisUrl);
    redis.on("error", (error: Error) => logError(source, error));
    redis.on("ready", () => {
      if (!closed) log.info({ source }, "connected to Redis");
    });
    return redis;
  };
  const requests = connect("redis requests", connectForRequests);
  const queueing = connect("redis queue", connectForWork);
  const subscriber = connect("redis changes", connectForWork);
  const store = createJobStore(requests, { prefix, retentionSeconds, maxOpenJobs });
  const queue = openJobQueue({ connection: queueing, prefix }, (error) => logError("queue", error));
  const feed = createJobFeed({ subscriber, channel: keysOf(prefix).changes, find: store.find, log });

  return {
    store,
    feed,
    enqueue: (jobId, kind, payload) => enqueue(queue, jobId, kind, payload),
    ping: () => requests.ping(),
    settled: async (timeoutMs) => {
      if (requests.status === "ready") return;
      await once(requests, "ready", { signal: AbortSignal.timeout(timeoutMs) }).catch(() => {});
    },
    close: async () => {
      closed = true;
      feed.close();
      for (const redis of [requests, queueing, subscriber]) redis.disconnect();
      await queue.close().catch(() => {}); // Its connection is gone already; there is nothing left to close.
    },
  };
}

import { once } from "node:events";
import {
  type AcceptLimits,
  type Backlog,
  connectForRequests,
  connectForWork,
  createBacklogReader,
  createJobStore,
  createReplStore,
  enqueue,
  type JobKind,
  type JobPayload,
  type JobStore,
  keysOf,
  openJobQueue,
  type ReplStore,
  SWEEP_QUEUE_NAME,
} from "@repl/contract";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { FastifyBaseLogger } from "../app-types.ts";
import { createJobFeed, type JobFeed } from "../follow/job-feed.ts";
import { QUEUE_STATES } from "../metrics/queue-gauges.ts";
import { createLogLimiter } from "./log-limiter.ts";

/** Everything the api has in Redis. */
export interface Connections {
  readonly store: JobStore;
  readonly repls: ReplStore;
  readonly enqueue: (jobId: string, kind: JobKind, payload: JobPayload, priority: number) => Promise<void>;
  readonly feed: JobFeed;
  /** What operators look at. */
  readonly operators: {
    readonly queues: readonly Queue[];
    /** Jobs by BullMQ's state; rejects at once while Redis is away. */
    readonly counts: () => Promise<Record<string, number>>;
    readonly backlog: () => Promise<Backlog>;
    /** Whether the queues' connection is there. */
    readonly isReady: () => boolean;
  };
  /** Resolves when Redis answers; rejects within a second otherwise. */
  readonly ping: () => Promise<unknown>;
  /** Resolves once Redis answered for the first time, or after `timeoutMs`. */
  readonly settled: (timeoutMs: number) => Promise<void>;
  /** Ends all connections; commands that still wait are given up. */
  readonly close: () => Promise<void>;
}

/** Where Redis is and how the api uses it. */
export interface RedisOptions extends AcceptLimits {
  readonly redisUrl: string;
  readonly queuePrefix: string;
  readonly jobRetentionSeconds: number;
}

/**
 * Opens the process's three connections; Redis need not be there yet. Requests have one that fails fast. The queue has
 * one that waits: a job that was recorded while Redis was about to go is queued as soon as it is back, under its own id.
 */
export function openConnections(options: RedisOptions, log: FastifyBaseLogger): Connections {
  const { redisUrl, queuePrefix: prefix, jobRetentionSeconds: retentionSeconds } = options;
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
  const store = createJobStore(requests, { ...options, prefix, retentionSeconds });
  const queue = openJobQueue({ connection: queueing, prefix }, (error) => logError("queue", error));
  const sweeps = new Queue(SWEEP_QUEUE_NAME, { connection: queueing, prefix, skipMetasUpdate: true });
  sweeps.on("error", (error) => logError("sweeps", error));
  const feed = createJobFeed({ subscriber, channel: keysOf(prefix).changes, find: store.find, log });

  return {
    store,
    feed,
    repls: createReplStore(requests, prefix),
    enqueue: (jobId, kind, payload, priority) => enqueue(queue, jobId, kind, payload, priority),
    operators: {
      queues: [queue, sweeps],
      counts: async () => {
        await requests.ping(); // The queue's own connection waits for ever.
        return queue.getJobCounts(...QUEUE_STATES);
      },
      backlog: createBacklogReader(requests, prefix),
      isReady: () => queueing.status === "ready",
    },
    ping: () => requests.ping(),
    settled: async (timeoutMs) => {
      if (requests.status === "ready") return;
      await once(requests, "ready", { signal: AbortSignal.timeout(timeoutMs) }).catch(() => {});
    },
    close: async () => {
      closed = true;
      feed.close();
      for (const redis of [requests, queueing, subscriber]) redis.disconnect();
      // Their connection is gone already; there is nothing left to close.
      await Promise.all([queue, sweeps].map((it) => it.close().catch(() => {})));
    },
  };
}

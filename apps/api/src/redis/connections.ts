import { setTimeout as sleep } from "node:timers/promises";
import {
  type AcceptLimits,
  type Backlog,
  connectForRequests,
  connectForWork,
  createBacklogReader,
  createJobStore,
  createRedisCheck,
  createReplStore,
  enqueue,
  inspectServers,
  type JobKind,
  type JobPayload,
  type JobStore,
  keysOf,
  openJobQueue,
  type RedisCheck,
  type RedisMemory,
  type RedisPlace,
  type RedisSettings,
  RedisSettingsError,
  type ReplStore,
  readRedisMemory,
  redisPlace,
  SWEEP_QUEUE_NAME,
} from "@repl/contract";
import { createLogLimiter } from "@repl/ops";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { FastifyBaseLogger } from "../app-types.ts";
import { createJobFeed, type JobFeed } from "../follow/job-feed.ts";

/** Everything the api has in Redis. */
export interface Connections {
  readonly store: JobStore;
  readonly repls: ReplStore;
  readonly enqueue: (jobId: string, kind: JobKind, payload: JobPayload, turn: number) => Promise<void>;
  readonly feed: JobFeed;
  /** What operators look at. */
  readonly operators: {
    readonly queues: readonly Queue[];
    readonly backlog: () => Promise<Backlog>;
    readonly memory: () => Promise<RedisMemory>;
    /** Whether the queues' connection is there. */
    readonly isReady: () => boolean;
  };
  /** Answers within a second. */
  readonly check: RedisCheck;
  /**
   * Resolves once Redis answered for the first time and was looked over, or after `timeoutMs`.
   * @throws RedisSettingsError where it must not be used.
   */
  readonly settled: (timeoutMs: number) => Promise<void>;
  /** Ends all connections; commands that still wait are given up. */
  readonly close: () => Promise<void>;
}

/** Where Redis is and how the api uses it. */
export interface RedisOptions extends AcceptLimits, RedisSettings {
  readonly jobRetentionSeconds: number;
}

/**
 * Opens the process's three connections; Redis need not be there yet. Requests have one that fails fast. The queue has
 * one that waits: a job that was recorded while Redis was about to go is queued as soon as it is back, under its own id.
 * @throws RedisSettingsError naming the setting.
 */
export function openConnections(options: RedisOptions, log: FastifyBaseLogger): Connections {
  const { queuePrefix: prefix, jobRetentionSeconds: retentionSeconds } = options;
  const place = redisPlace(options);
  const limited = createLogLimiter(log);
  let closed = false;
  // ioredis finishes a handshake it has begun, and complains about it, even after disconnect().
  const logError = (source: string, error: Error) => {
    if (!closed) limited(source, error);
  };
  const connect = (source: string, open: (place: RedisPlace) => Redis) => {
    const redis = open(place);
    redis.on("error", (error: Error) => logError(source, error));
    redis.on("ready", () => {
      if (!closed) log.info({ source }, "connected to Redis");
    });
    return redis;
  };
  const requests = connect("redis requests", connectForRequests);
  const queueing = connect("redis queue", connectForWork);
  const subscriber = connect("redis changes", connectForWork);
  const inspection = inspectOnce(requests, place, log);
  const store = createJobStore(requests, { ...options, prefix, retentionSeconds });
  const queue = openJobQueue({ connection: queueing, prefix }, (error) => logError("queue", error));
  const sweeps = new Queue(SWEEP_QUEUE_NAME, { connection: queueing, prefix, skipMetasUpdate: true });
  sweeps.on("error", (error) => logError("sweeps", error));
  const feed = createJobFeed({ subscriber, channel: keysOf(prefix).changes, find: store.find, log });

  return {
    store,
    feed,
    repls: createReplStore(requests, prefix),
    enqueue: (jobId, kind, payload, turn) => enqueue(queue, jobId, kind, payload, turn),
    operators: {
      queues: [queue, sweeps],
      backlog: createBacklogReader(requests, prefix),
      memory: () => readRedisMemory(requests),
      isReady: () => queueing.status === "ready",
    },
    check: createRedisCheck(requests, place),
    settled: async (timeoutMs) => {
      const refusals = await Promise.race([inspection, sleep(timeoutMs, [], { ref: false })]);
      if (refusals.length > 0) throw new RedisSettingsError(`REDIS_URL: ${refusals.join("; ")}`);
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

/** Looks the servers over when Redis answers for the first time. Resolves with what is against using them; never rejects. */
async function inspectOnce(redis: Redis, place: RedisPlace, log: FastifyBaseLogger): Promise<readonly string[]> {
  try {
    await new Promise((resolve) => redis.once("ready", resolve)); // events.once() would end with the first error.
    const { refusals, warnings } = await inspectServers(redis, place);
    for (const warning of warnings) log.warn({ warning }, "Redis is not set up as it should be");
    for (const refusal of refusals) log.error({ refusal }, "Redis must not be used");
    return refusals;
  } catch (error) {
    log.warn({ err: error }, "Redis could not be looked over");
    return [];
  }
}

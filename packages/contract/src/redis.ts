import { Redis, type RedisOptions } from "ioredis";

/** Longest that one command of a request may take before it fails; leaves room for the two of a start within 2 s. */
const COMMAND_TIMEOUT_MS = 800;
const CONNECT_TIMEOUT_MS = 2_000;
/** Reconnects this often at the least, so that work goes on within a second or two of Redis' return. */
const LONGEST_RECONNECT_MS = 1_000;

const common = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  retryStrategy: (times: number) => Math.min(50 * 2 ** times, LONGEST_RECONNECT_MS),
} satisfies RedisOptions;

/**
 * A connection for what a client waits for: a command fails at once while Redis is away and after 0.8 s while it hangs
 * (an offline queue or no timeout would let it hang for ever). A failed write may have happened all the same.
 */
export function connectForRequests(url: string): Redis {
  return new Redis(url, {
    ...common,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
  });
}

/**
 * A connection for what nobody waits for: commands wait until Redis is back. BullMQ's workers need it so, without a
 * command timeout, since they block on reads.
 */
export function connectForWork(url: string): Redis {
  return new Redis(url, { ...common, maxRetriesPerRequest: null });
}

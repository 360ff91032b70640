import { once } from "node:events";
import { connectForWork, explainRedisError, inspectServers, type RedisPlace, RedisSettingsError } from "@repl/contract";
import type { Log, LogError } from "@repl/ops";
import type { Redis } from "ioredis";

/** The worker's own connections; BullMQ makes itself others like the first. */
export interface WorkerConnections {
  /** For commands. */
  readonly connection: Redis;
  /** For the channel of cancelled jobs. */
  readonly subscriber: Redis;
}

/** Opens the connections; Redis need not be there yet. */
export function openRedis(place: RedisPlace, logError: LogError): WorkerConnections {
  const [connection, subscriber] = [connectForWork(place), connectForWork(place)];
  for (const redis of [connection, subscriber]) redis.on("error", (error) => logError("redis", error));
  return { connection, subscriber };
}

/**
 * Waits for Redis, for as long as there is none, and looks its servers over.
 * @throws RedisSettingsError where Redis must not be used; the signal's reason once it is aborted.
 */
export async function redisReady(
  { connection, subscriber }: WorkerConnections,
  { place, log, signal }: { readonly place: RedisPlace; readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  while (connection.status !== "ready") {
    await once(connection, "ready", { signal }).catch(() => {}); // Rejects with each error.
    signal.throwIfAborted();
  }
  const { refusals, warnings } = await inspectServers(connection, place).catch((error: Error) => ({
    refusals: [explainRedisError(error)],
    warnings: [],
  }));
  for (const warning of warnings) log.warn({ warning }, "Redis is not set up as it should be");
  if (refusals.length === 0) return;
  for (const redis of [connection, subscriber]) redis.disconnect();
  throw new RedisSettingsError(`REDIS_URL: ${refusals.join("; ")}`);
}

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

/**
 * Connects to Redis and looks its servers over; waits for as long as there is none.
 * @throws RedisSettingsError where Redis must not be used.
 */
export async function connectToRedis(
  place: RedisPlace,
  { log, logError }: { readonly log: Log; readonly logError: LogError },
): Promise<WorkerConnections> {
  const [connection, subscriber] = [connectForWork(place), connectForWork(place)];
  for (const redis of [connection, subscriber]) redis.on("error", (error) => logError("redis", error));
  while (connection.status !== "ready") await once(connection, "ready").catch(() => {}); // Rejects with each error.
  const { refusals, warnings } = await inspectServers(connection, place).catch((error: Error) => ({
    refusals: [explainRedisError(error)],
    warnings: [],
  }));
  for (const warning of warnings) log.warn({ warning }, "Redis is not set up as it should be");
  if (refusals.length === 0) return { connection, subscriber };
  for (const redis of [connection, subscriber]) redis.disconnect();
  throw new RedisSettingsError(`REDIS_URL: ${refusals.join("; ")}`);
}

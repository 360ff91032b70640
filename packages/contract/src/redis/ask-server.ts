import type { Redis, RedisOptions } from "ioredis";
import { OwnDatabaseRedis } from "./own-database-redis.ts";

/** Longest that a server may take to connect, and then to answer. */
const TIMEOUT_MS = 1_000;

/** Asks one server on a connection of its own, which is closed then. @throws why the connection failed, or what `ask` throws */
export async function askServer<Answer>(
  options: Omit<RedisOptions, "replyMapping">,
  ask: (server: Redis) => Promise<Answer>,
): Promise<Answer> {
  const server = new OwnDatabaseRedis({
    ...options,
    lazyConnect: true,
    enableReadyCheck: false, // A server that is being filled answers all the same.
    retryStrategy: null,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
  });
  let reason: Error | undefined; // connect() itself says only that the connection is closed.
  server.on("error", (error: Error) => {
    reason ??= error;
  });
  try {
    await server.connect();
    return await ask(server);
  } catch (error) {
    throw reason ?? error;
  } finally {
    server.disconnect();
  }
}

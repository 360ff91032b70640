import { Redis } from "ioredis";
import { afterAll } from "vitest";
import { startRedis, type TestRedis } from "./start-redis.ts";

/**
 * A Redis for all tests of a file, and a connection to it: `const { redis } = await useRedis()` at the top of the file, whose end closes both.
 * Tests keep apart by prefixes of their own.
 */
export async function useRedis(): Promise<{ readonly redis: Redis; readonly server: TestRedis }> {
  const server = await startRedis();
  const redis = new Redis(server.url);
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  return { redis, server };
}

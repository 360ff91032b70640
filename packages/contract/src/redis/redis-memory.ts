import type { Redis } from "ioredis";
import { infoFields } from "./server-facts.ts";

/** What Redis says of its memory, in bytes; undefined where it does not say. */
export interface RedisMemory {
  readonly usedBytes: number | undefined;
  /** `maxmemory`; 0 is no limit. */
  readonly maxBytes: number | undefined;
}

/** Asks Redis for its memory, in one round trip. Never rejects: a Redis may refuse to say. */
export async function readRedisMemory(redis: Pick<Redis, "info">): Promise<RedisMemory> {
  const fields = infoFields(await redis.info().catch(() => ""));
  const bytes = (field: string) => {
    const value = fields.get(field);
    return value === undefined ? undefined : Number(value);
  };
  return { usedBytes: bytes("used_memory"), maxBytes: bytes("maxmemory") };
}

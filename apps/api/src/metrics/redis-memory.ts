/** What Redis says of its memory, in bytes; undefined where it does not say. */
export interface RedisMemory {
  readonly usedBytes: number | undefined;
  /** `maxmemory`; 0 is no limit. */
  readonly maxBytes: number | undefined;
}

/** As much of one of BullMQ's queues as leads to its connection. */
export interface RedisHolder {
  readonly getBackend: () => { readonly client: Promise<{ readonly info: () => Promise<string> }> };
}

const UNKNOWN: RedisMemory = { usedBytes: undefined, maxBytes: undefined };

/** Asks Redis for its memory, in one round trip. Never rejects: a Redis may refuse to say. */
export async function readRedisMemory(queue: RedisHolder | undefined): Promise<RedisMemory> {
  if (queue === undefined) return UNKNOWN;
  try {
    const client = await queue.getBackend().client;
    const info = await client.info();
    return { usedBytes: bytesIn(info, "used_memory"), maxBytes: bytesIn(info, "maxmemory") };
  } catch {
    return UNKNOWN;
  }
}

function bytesIn(info: string, field: string): number | undefined {
  const value = new RegExp(`^${field}:(\\d+)\\r?$`, "m").exec(info)?.[1];
  return value === undefined ? undefined : Number(value);
}

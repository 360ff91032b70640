import { Redis } from "ioredis";

/** What may stay. */
export interface CleanRedisOptions {
  /** Keys that match one of these are expected to stay. */
  readonly except?: readonly RegExp[];
}

/** Every key of the Redis at `url` that begins with `prefix`, sorted. */
export async function keysWithPrefix(url: string, prefix: string): Promise<string[]> {
  const client = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null });
  client.on("error", () => {}); // The rejected scan says it.
  try {
    const keys = new Set<string>();
    let cursor = "0";
    do {
      const [next, found] = await client.scan(cursor, "MATCH", `${escapeGlob(prefix)}*`, "COUNT", 1000);
      for (const key of found) keys.add(key);
      cursor = next;
    } while (cursor !== "0");
    return [...keys].sort();
  } finally {
    client.disconnect();
  }
}

/**
 * The test left no key behind.
 * @throws Error that lists what was left.
 */
export async function assertCleanRedis(
  url: string,
  prefix: string,
  { except = [] }: CleanRedisOptions = {},
): Promise<void> {
  const left = (await keysWithPrefix(url, prefix)).filter((key) => !except.some((pattern) => pattern.test(key)));
  if (left.length > 0) throw new Error(`Redis still holds ${left.length} keys of ${prefix}:\n${left.join("\n")}`);
}

function escapeGlob(text: string): string {
  return text.replaceAll(/[\\*?[\]]/g, String.raw`\$&`);
}

import type { TestRedis } from "./start-redis.ts";

/** What a Redis server has done, by its own count (INFO commandstats). */
export interface RedisCost {
  /** Scripts that clients asked for, by hash or by text. A script is one round trip, whatever it does inside. */
  readonly scripts: number;
  /** How often each command ran, scripts' own calls included, by its name. */
  readonly calls: ReadonlyMap<string, number>;
  /** Time within scripts, in microseconds. */
  readonly scriptUs: number;
}

/** Everything since the server began, or since `CONFIG RESETSTAT`. */
export async function redisCost(redis: Pick<TestRedis, "command">): Promise<RedisCost> {
  const text = String(await redis.command("INFO", "commandstats"));
  const rows = [...text.matchAll(/^cmdstat_(\S+):calls=(\d+),usec=(\d+)/gm)];
  const calls = new Map(rows.map(([, name = "", count]) => [name, Number(count)]));
  const isScript = (name: string | undefined) => name === "evalsha" || name === "eval";
  return {
    calls,
    scripts: rows.reduce((sum, [, name, count]) => sum + (isScript(name) ? Number(count) : 0), 0),
    scriptUs: rows.reduce((sum, [, name, , us]) => sum + (isScript(name) ? Number(us) : 0), 0),
  };
}

/** What was done between two looks, each command that ran at least once. */
export function redisCostBetween(before: RedisCost, after: RedisCost): RedisCost {
  const calls = [...after.calls].map(([name, count]) => [name, count - (before.calls.get(name) ?? 0)] as const);
  return {
    calls: new Map(calls.filter(([, count]) => count > 0)),
    scripts: after.scripts - before.scripts,
    scriptUs: after.scriptUs - before.scriptUs,
  };
}

import type { Redis } from "ioredis";
import { keysOf } from "../keys.ts";
import { replyOf } from "./pipeline.ts";
import { decodeRepl, LATEST_JOB_FIELDS, REPL_FIELDS, type ReplRecord } from "./repl-record.ts";
import { loadScripts } from "./scripts.ts";

/** Which of a user's repls to read, in the order of their ids. */
export interface ReplPage {
  /** Only repls whose ids come after this one; empty: from the first one. */
  readonly after: string;
  readonly limit: number;
}

/** What clients ask about repls. The number of Redis round trips is said beside each method, whatever the number of repls. */
export type ReplStore = ReturnType<typeof createReplStore>;

/** Builds a {@link ReplStore} on a connection, which stays the caller's to close. */
export function createReplStore(redis: Redis, prefix: string) {
  const keys = keysOf(prefix);
  const run = loadScripts(redis);

  const read = async (replIds: readonly string[]): Promise<ReplRecord[]> => {
    if (replIds.length === 0) return [];
    const repls = redis.pipeline();
    for (const replId of replIds) repls.hmget(keys.repl(replId), ...REPL_FIELDS);
    const intents = ((await repls.exec()) ?? []).map(replyOf);
    const latest = redis.pipeline();
    for (const values of intents)
      latest.hmget(keys.job(values[REPL_FIELDS.indexOf("jobId")] ?? ""), ...LATEST_JOB_FIELDS);
    const jobs = ((await latest.exec()) ?? []).map(replyOf);
    return replIds.flatMap((replId, index) => decodeRepl(replId, intents[index] ?? [], jobs[index] ?? []) ?? []);
  };

  return {
    /** One repl, or null where nobody has asked for it. Two round trips. */
    async find(replId: string): Promise<ReplRecord | null> {
      return (await read([replId]))[0] ?? null;
    },

    /** A user's repls, and whether there are more after them. Three round trips. */
    async list(userId: string, { after, limit }: ReplPage): Promise<{ repls: ReplRecord[]; more: boolean }> {
      const from = after === "" ? "-" : `(${after}`;
      const replIds = await redis.zrange(keys.userRepls(userId), from, "+", "BYLEX", "LIMIT", 0, limit + 1);
      return { repls: await read(replIds.slice(0, limit)), more: replIds.length > limit };
    },

    /**
     * Notes that a repl is in use. One round trip.
     * @param userId who must own it; undefined: anybody.
     * @returns whether there is such a repl.
     */
    async keepAlive(replId: string, userId: string | undefined): Promise<boolean> {
      return (await run("keepalive", prefix, replId, userId ?? "")) === 1;
    },
  };
}

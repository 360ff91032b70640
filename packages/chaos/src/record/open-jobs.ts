import { keysOf, QUEUE_NAME } from "@repl/contract";
import { Redis } from "ioredis";
import type { Installation } from "../service/installation.ts";

/** What is told of the record of a job that has not ended. */
const TOLD = ["kind", "replId", "state", "phase", "made", "generation", "after", "createdAt", "begunAt"] as const;

/** Every job that has not ended: its record, its place in the queue, who holds it and its repl. For a report. */
export async function describeOpenJobs({ redis, prefix }: Installation): Promise<string[]> {
  const client = new Redis(redis.url);
  try {
    const keys = keysOf(prefix);
    const jobIds = await client.zrange(keys.open, "0", "-1");
    return await Promise.all(
      jobIds.map(async (jobId) => {
        const record = await client.hmget(keys.job(jobId), ...TOLD);
        const facts = TOLD.map((name, index) => `${name} ${record[index] || "-"}`).join(", ");
        const lease = await client.get(`${prefix}:lease:${record[TOLD.indexOf("replId")]}`);
        return `${jobId}: ${facts}; ${await placeOf(client, `${prefix}:${QUEUE_NAME}`, jobId)}; lease ${lease ?? "free"}`;
      }),
    );
  } finally {
    client.disconnect();
  }
}

/** Where BullMQ 6 has it: its lists and sorted sets, and its lock. */
async function placeOf(client: Redis, queue: string, jobId: string): Promise<string> {
  const sets = ["prioritized", "delayed", "completed", "failed"];
  const lists = ["wait", "active", "paused"];
  const ranks = await Promise.all(sets.map((set) => client.zscore(`${queue}:${set}`, jobId)));
  const positions = await Promise.all(lists.map((list) => client.lpos(`${queue}:${list}`, jobId)));
  const found = [...sets, ...lists].filter((_, index) => [...ranks, ...positions][index] !== null);
  const lock = await client.get(`${queue}:${jobId}:lock`);
  const made = await client.hget(`${queue}:${jobId}`, "atm");
  return `in ${found.join(" and ") || "no list"}, attempts made ${made ?? "-"}, lock ${lock ?? "free"}`;
}

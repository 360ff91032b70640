import { randomUUID } from "node:crypto";
import { useRedis } from "@repl/testkit/vitest";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { createIntentStore, createJobStore, keysOf } from "../src/index.ts";

const { redis, server } = await useRedis();

/** Many enough that Redis answers others between two parts of what one client sends in one write. */
const REPLS = 1_500;
const ENDING = 100;
const ROUNDS = 8;

test("intents are of one moment: no job that ends meanwhile looks as if it had ended long ago", async () => {
  const prefix = `{${randomUUID()}}`;
  const other = new Redis(server.url);
  const [store, ending, intents] = [
    createJobStore(redis, { prefix }),
    createJobStore(other, { prefix }),
    createIntentStore(redis, prefix),
  ];
  const begun = async (replId: string) => {
    const lease = { jobId: randomUUID(), replId, token: randomUUID() };
    await store.accept({ kind: "start", replId, userId: "alice", jobId: lease.jobId, requestId: "r" });
    await store.begin(lease.jobId, lease.token);
    return lease;
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const leases = await Promise.all(Array.from({ length: REPLS }, (_, index) => begun(`r${round}-${index}`)));
    const sinceMs = await intents.nowMs();
    const ended = (async () => {
      for (const lease of leases.slice(0, ENDING)) await ending.settle(lease, "completed", {});
    })();
    const found = await intents.find(leases.map(({ replId }) => replId));
    await ended;
    expect([...found.values()].filter(({ jobOpen, settledAt }) => !jobOpen && settledAt < sinceMs)).toEqual([]);
  }
  other.disconnect();
});

test("jobs that a clock accepted which was set back since are open jobs of long ago, those of just now are not", async () => {
  const prefix = `{${randomUUID()}}`;
  const intents = createIntentStore(redis, prefix);
  const now = await intents.nowMs();
  const accepted = { long: now - 60_000, just: now - 1_000, soon: now + 1_000, ahead: now + 3_600_000 };
  for (const [jobId, at] of Object.entries(accepted)) await redis.zadd(keysOf(prefix).open, at, jobId);
  expect(await intents.openJobs(10_000)).toEqual(["long", "ahead"]);
});

import { randomUUID } from "node:crypto";
import { useRedis } from "@repl/testkit/vitest";
import { expect, test } from "vitest";
import { type AcceptLimits, createJobStore, keysOf } from "../src/index.ts";

const { redis } = await useRedis();

/**
 * A store with an open start of `demo` whose record is gone, as after a hand that deleted it or a backup without it.
 * Nothing of the job may come back as half a record, keep its repl waiting or count for ever.
 */
async function setup(isBegun: boolean, limits: AcceptLimits = {}) {
  const prefix = `{${randomUUID()}}`;
  const store = createJobStore(redis, { prefix, ...limits });
  const keys = keysOf(prefix);
  const [lost, token] = [randomUUID(), randomUUID()];
  const ask = (kind: "start" | "stop", replId: string, jobId = randomUUID()) =>
    store.accept({ kind, replId, userId: "alice", jobId, requestId: "request-1" });
  await ask("start", "demo", lost);
  if (isBegun) await store.begin(lost, token);
  await redis.del(keys.job(lost));
  return { store, keys, ask, lost, token, lease: { jobId: lost, replId: "demo", token } };
}

test("such a job does not begin", async () => {
  const { store, lost, token, keys } = await setup(false);
  expect(await store.begin(lost, token)).toEqual({ outcome: "ended" });
  expect(await redis.exists(keys.job(lost))).toBe(0);
});

test("its attempt ends with its next report, and gives the lease back", async () => {
  const { store, lost, lease, keys, ask } = await setup(true);
  const next = randomUUID();
  await ask("stop", "demo", next);
  expect(await store.begin(next, "next")).toMatchObject({ outcome: "wait" });
  expect(await store.report(lease, { phase: "applying" })).toBe("cancelled");
  expect(await store.settle(lease, "queued", {})).toBe("cancelled");
  expect(await redis.exists(keys.job(lost))).toBe(0);
  expect(await store.begin(next, "next")).toMatchObject({ outcome: "run" });
});

test.each(["completed", "failed", "retrying"] as const)("it is not recorded as %s", async (state) => {
  const { store, lost, lease, keys } = await setup(true);
  expect(await store.settle(lease, state, {})).toBe("cancelled");
  expect(await redis.exists(keys.job(lost))).toBe(0);
});

test.each(["start", "stop"] as const)("a %s of its repl neither joins it nor waits for it", async (kind) => {
  const { store, lost, keys, ask } = await setup(false);
  const jobId = randomUUID();
  expect(await ask(kind, "demo", jobId)).toMatchObject({ outcome: "accepted", jobId });
  expect(await redis.exists(keys.job(lost))).toBe(0);
  expect(await store.begin(jobId, "token")).toMatchObject({ outcome: "run" });
});

test("once it is forgotten it takes nobody's place", async () => {
  const { lost, keys, ask } = await setup(false, { maxStartingPerUser: 1, maxOpenJobs: 1 });
  expect(await ask("start", "other")).toMatchObject({ outcome: "full" });
  await redis.zrem(keys.open, lost); // As the sweep does.
  expect(await ask("start", "other")).toMatchObject({ outcome: "accepted" });
  expect(await ask("start", "third")).toMatchObject({ outcome: "full" });
});

test("a job of a kind that is not known here waits for a worker that knows it", async () => {
  const { store, keys, ask } = await setup(false);
  const jobId = randomUUID();
  await ask("start", "other", jobId);
  await redis.hset(keys.job(jobId), "kind", "restart");
  expect(await store.begin(jobId, "token")).toMatchObject({ outcome: "wait" });
  expect(await store.find(jobId)).toMatchObject({ state: "queued" });
  await redis.hset(keys.job(jobId), "kind", "start");
  expect(await store.begin(jobId, "token")).toMatchObject({ outcome: "run" });
});

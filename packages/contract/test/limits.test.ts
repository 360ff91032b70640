import { randomUUID } from "node:crypto";
import { waitFor } from "@repl/testkit";
import { useRedis } from "@repl/testkit/vitest";
import { describe, expect, test } from "vitest";
import { type AcceptLimits, createJobStore, type JobRequest, keysOf } from "../src/index.ts";

const { redis } = await useRedis();

function setup(limits: AcceptLimits = {}) {
  const prefix = `{${randomUUID()}}`;
  const store = createJobStore(redis, { prefix, ...limits });
  const ask = (kind: "start" | "stop", replId: string, more: Partial<JobRequest> = {}) =>
    store.accept({ kind, replId, userId: "alice", jobId: randomUUID(), requestId: "request-1", ...more });
  const end = async (jobId: string, replId: string, state: "completed" | "failed") => {
    await store.begin(jobId, "token");
    await store.settle({ jobId, replId, token: "token" }, state, {});
  };
  return { keys: keysOf(prefix), store, ask, end };
}

const jobOf = (acceptance: object) => (acceptance as { jobId: string }).jobId;

describe("limits of a user", () => {
  test.each([
    ["running", { maxRunningPerUser: 5 }],
    ["starting", { maxStartingPerUser: 5 }],
  ])("200 starts of different repls at once with at most 5 %s: exactly 5 are accepted", async (limit, limits) => {
    const { ask, keys } = setup(limits);
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => ask("start", `repl-${index}`)));
    expect(answers.filter(({ outcome }) => outcome === "accepted")).toHaveLength(5);
    const refused = answers.filter(({ outcome }) => outcome === "user_limit");
    expect(refused).toHaveLength(195);
    expect(refused[0]).toMatchObject({ limit, max: 5 });
    expect(await redis.scard(keys.userRunning("alice"))).toBe(5);
    expect(await redis.zcard(keys.open)).toBe(5);
    expect(await ask("start", "repl-0", { userId: "bob" })).toMatchObject({ outcome: "foreign" });
    expect(await ask("start", "bobs", { userId: "bob" })).toMatchObject({ outcome: "accepted" });
  });

  test("a repl counts as running until it is stopped, or its first start has failed", async () => {
    const { ask, end } = setup({ maxRunningPerUser: 1 });
    const first = await ask("start", "one");
    expect(await ask("start", "two")).toMatchObject({ outcome: "user_limit", limit: "running" });
    await end(jobOf(first), "one", "completed");
    expect(await ask("start", "one")).toMatchObject({ outcome: "accepted" }); // It is meant to run already.
    expect(await ask("start", "two")).toMatchObject({ outcome: "user_limit" });
    await ask("stop", "one");
    const second = await ask("start", "two");
    await end(jobOf(second), "two", "failed");
    expect(await ask("start", "three")).toMatchObject({ outcome: "accepted" });
  });

  test("a start counts until it has ended, however it ends; stops and joins are never refused", async () => {
    const { ask, end, keys } = setup({ maxStartingPerUser: 1 });
    const first = await ask("start", "one");
    expect(await ask("start", "one")).toMatchObject({ outcome: "joined" });
    expect(await ask("start", "two")).toMatchObject({ outcome: "user_limit", limit: "starting" });
    const stop = await ask("stop", "one"); // Cancels the start.
    expect(stop).toMatchObject({ outcome: "accepted" });
    expect(jobOf(stop)).not.toBe(jobOf(first));
    const second = await ask("start", "two");
    expect(second).toMatchObject({ outcome: "accepted" });
    await end(jobOf(second), "two", "completed");
    expect(await ask("start", "three")).toMatchObject({ outcome: "accepted" });
    expect(await redis.zcount(keys.userOpen("alice"), 0, 0)).toBe(1);
  });

  test("a start and a stop in turn, again and again, leave one stop and one start open", async () => {
    const { ask, end, keys } = setup({ maxOpenJobs: 3 });
    await ask("start", "one");
    const stop = await ask("stop", "one");
    for (let turn = 0; turn < 50; turn += 1) {
      expect(await ask("start", "one")).toMatchObject({ outcome: "accepted" });
      expect(await ask("stop", "one")).toMatchObject({ outcome: "joined", jobId: jobOf(stop), joined: true });
    }
    expect(await redis.zrange(keys.open, "0", "-1")).toEqual([jobOf(stop)]);
    expect(await redis.hmget(keys.repl("one"), "desired", "jobId", "lastState")).toEqual(["stopped", jobOf(stop), ""]);
    expect(await redis.exists(keys.running, keys.userRunning("alice"))).toBe(0);
    await end(jobOf(stop), "one", "completed");
    expect(await redis.hget(keys.repl("one"), "lastState")).toBe("completed");
    expect(await redis.exists(keys.open, keys.openStops, keys.userOpen("alice"))).toBe(0);
  });

  test("open stops take nobody's place", async () => {
    const { ask } = setup({ maxOpenJobs: 2 });
    for (let name = 0; name < 10; name += 1) await ask("stop", `unknown-${name}`, { userId: "mallory" });
    expect(await ask("start", "one")).toMatchObject({ outcome: "accepted" });
    expect(await ask("start", "two")).toMatchObject({ outcome: "accepted" });
    expect(await ask("start", "three")).toMatchObject({ outcome: "full", openJobs: 12 });
  });

  test("nothing is left of a user whose jobs have ended", async () => {
    const { ask, end, keys } = setup();
    await end(jobOf(await ask("start", "one")), "one", "completed");
    await end(jobOf(await ask("stop", "one")), "one", "completed");
    expect(await redis.exists(keys.userOpen("alice"), keys.userRunning("alice"))).toBe(0);
  });
});

describe("the rate limit", () => {
  test("holds nobody back for longer than its window when Redis' clock has gone back", async () => {
    const { ask, keys } = setup({ ordersPerMinute: 600 });
    await redis.set(keys.rate("user:alice"), Date.now() + 3_600_000);
    const { rate } = await ask("start", "one", { rateKey: "user:alice" });
    expect(rate?.resetMs).toBeLessThanOrEqual(61_000);
  });

  test("takes so many orders at once, then one after the other", async () => {
    const { ask } = setup({ ordersPerMinute: 600 }); // One every 100 ms.
    const rateKey = "user:alice";
    const answers = await Promise.all(Array.from({ length: 650 }, () => ask("start", "one", { rateKey })));
    const limited = answers.filter(({ outcome }) => outcome === "rate_limited");
    expect(limited.length).toBeGreaterThan(0);
    expect(650 - limited.length).toBeGreaterThanOrEqual(600);
    expect(answers[0]?.rate).toEqual({ limit: 600, remaining: 599, resetMs: 100 });
    const { rate } = limited[0] as { rate: { remaining: number; retryMs: number; resetMs: number } };
    expect(rate).toMatchObject({ limit: 600, remaining: 0 });
    expect(rate.retryMs).toBeGreaterThan(0);
    expect(rate.retryMs).toBeLessThanOrEqual(100);
    expect(rate.resetMs).toBeGreaterThan(50_000);
    const again = await waitFor(
      async () => {
        const answer = await ask("start", "one", { rateKey });
        return answer.outcome === "joined" && answer;
      },
      { what: "the next order to be taken" },
    );
    expect(again.rate?.remaining).toBe(0);
  });

  test("says 0, not -0, where the last order of a window is taken", async () => {
    const { ask } = setup({ ordersPerMinute: 1 });
    const { rate } = await ask("start", "one", { rateKey: "user:alice" });
    expect(rate).toEqual({ limit: 1, remaining: 0, resetMs: 60_000 });
  });

  test("counts each client by itself, refused orders included, and those of nobody not at all", async () => {
    const { ask, keys } = setup({ ordersPerMinute: 2 });
    await ask("start", "one", { rateKey: "user:alice" });
    expect(await ask("start", "one", { userId: "bob", rateKey: "user:bob" })).toMatchObject({ outcome: "foreign" });
    expect(await ask("start", "one", { userId: "bob", rateKey: "user:bob" })).toMatchObject({ outcome: "foreign" });
    expect(await ask("start", "b", { userId: "bob", rateKey: "user:bob" })).toMatchObject({ outcome: "rate_limited" });
    expect(await redis.exists(keys.repl("b"))).toBe(0);
    expect(await ask("start", "one", { rateKey: "user:alice" })).toMatchObject({ outcome: "joined" });
    expect(await ask("start", "two")).toMatchObject({ outcome: "accepted" });
    expect(await redis.pttl(keys.rate("user:bob"))).toBeGreaterThan(0);
  });
});

describe("idempotency keys", () => {
  test("the same order is answered as the first time, also when the repl has changed since", async () => {
    const { ask, end } = setup();
    const first = await ask("start", "one", { idempotencyKey: "k" });
    expect(first).toMatchObject({ outcome: "accepted", state: "queued", queued: true });
    await end(jobOf(first), "one", "completed");
    await ask("stop", "one");
    expect(await ask("start", "one", { idempotencyKey: "k" })).toMatchObject({
      outcome: "replayed",
      jobId: jobOf(first),
      state: "queued",
      joined: false,
      queued: false,
    });
  });

  test("a join is replayed as a join", async () => {
    const { ask } = setup();
    const first = await ask("start", "one");
    await ask("start", "one", { idempotencyKey: "k" });
    const again = await ask("start", "one", { idempotencyKey: "k" });
    expect(again).toMatchObject({ outcome: "replayed", jobId: jobOf(first), joined: true, queued: true });
  });

  test("50 orders under one key at once are one", async () => {
    const { ask } = setup();
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask("start", "one", { idempotencyKey: "k" })));
    expect(answers.filter(({ outcome }) => outcome === "accepted")).toHaveLength(1);
    expect(answers.filter(({ outcome }) => outcome === "replayed")).toHaveLength(49);
    expect(new Set(answers.map(jobOf)).size).toBe(1);
  });

  test("another order under the key is told so and changes nothing", async () => {
    const { ask, keys } = setup();
    await ask("start", "one", { idempotencyKey: "k" });
    expect(await ask("start", "two", { idempotencyKey: "k" })).toMatchObject({ outcome: "other_order" });
    expect(await ask("stop", "one", { idempotencyKey: "k" })).toMatchObject({ outcome: "other_order" });
    expect(await redis.exists(keys.repl("two"))).toBe(0);
  });

  test("keys belong to a user, whatever characters are in both", async () => {
    const { ask, keys } = setup();
    expect(await ask("start", "one", { userId: "a:b", idempotencyKey: "c" })).toMatchObject({ outcome: "accepted" });
    expect(await ask("start", "two", { userId: "a", idempotencyKey: "b:c" })).toMatchObject({ outcome: "accepted" });
    expect(await redis.ttl(keys.idempotency("a:b", "c"))).toBeGreaterThan(86_000);
    expect(await redis.ttl(keys.idempotency("a", "b:c"))).toBeLessThanOrEqual(86_400);
  });

  test("a refusal is not remembered", async () => {
    const { ask } = setup({ maxRunningPerUser: 1 });
    await ask("start", "one");
    expect(await ask("start", "two", { idempotencyKey: "k" })).toMatchObject({ outcome: "user_limit" });
    await ask("stop", "one");
    expect(await ask("start", "two", { idempotencyKey: "k" })).toMatchObject({ outcome: "accepted" });
  });

  test("a key outlives a job that is no longer kept, and then it is new", async () => {
    const { ask, end, keys } = setup();
    const first = await ask("start", "one", { idempotencyKey: "k" });
    await end(jobOf(first), "one", "completed");
    await redis.del(keys.job(jobOf(first)));
    const second = await ask("start", "one", { idempotencyKey: "k" });
    expect(second).toMatchObject({ outcome: "accepted" });
    expect(await ask("start", "one", { idempotencyKey: "k" })).toMatchObject({
      outcome: "replayed",
      jobId: jobOf(second),
    });
  });

  test("repeating a call after a lost reply is not a replay", async () => {
    const { ask } = setup();
    const jobId = randomUUID();
    const first = await ask("start", "one", { jobId, idempotencyKey: "k" });
    expect(await ask("start", "one", { jobId, idempotencyKey: "k" })).toEqual(first);
  });
});

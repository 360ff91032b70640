import { randomUUID } from "node:crypto";
import { useRedis } from "@repl/testkit/vitest";
import { describe, expect, test } from "vitest";
import {
  createBacklogReader,
  createJobStore,
  createReplStore,
  type JobChange,
  keysOf,
  openJobQueue,
  QUEUE_STATES,
  toReplStatus,
} from "../src/index.ts";

const { redis } = await useRedis();

function setup() {
  const prefix = `{${randomUUID()}}`;
  const store = createJobStore(redis, { prefix });
  const repls = createReplStore(redis, prefix);
  const ask = async (kind: "start" | "stop", replId: string, userId = "alice") => {
    const acceptance = await store.accept({ kind, replId, userId, jobId: randomUUID(), requestId: "r" });
    return "jobId" in acceptance ? acceptance.jobId : "";
  };
  const begin = (jobId: string) => store.begin(jobId, "token");
  const settle = (jobId: string, replId: string, state: "completed" | "failed", change: JobChange = {}) =>
    store.settle({ jobId, replId, token: "token" }, state, change);
  const status = async (replId: string) => {
    const record = await repls.find(replId);
    return record && toReplStatus(record);
  };
  return { keys: keysOf(prefix), prefix, repls, ask, begin, settle, status };
}

const urls = ["http://demo.example.com"];

describe("a repl's life as clients see it", () => {
  test("starting, running, running while it is started again, stopping, stopped", async () => {
    const { ask, begin, settle, status } = setup();
    expect(await status("demo")).toBeNull();
    const start = await ask("start", "demo");
    expect(await status("demo")).toEqual({
      replId: "demo",
      userId: "alice",
      desired: "running",
      state: "starting",
      since: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      urls: [],
      generation: 1,
      job: { jobId: start, kind: "start", state: "queued" },
    });
    await begin(start);
    expect(await status("demo")).toMatchObject({ state: "starting", job: { state: "active" } });
    await settle(start, "demo", "completed", { urls });
    const running = await status("demo");
    expect(running).toMatchObject({ state: "running", urls, job: { state: "completed" } });
    const again = await ask("start", "demo");
    expect(await status("demo")).toMatchObject({
      state: "running",
      since: running?.since,
      urls,
      job: { jobId: again },
    });
    const stop = await ask("stop", "demo");
    expect(await status("demo")).toMatchObject({ desired: "stopped", state: "stopping", urls: [], generation: 2 });
    await begin(stop);
    await settle(stop, "demo", "completed");
    expect(await status("demo")).toMatchObject({
      state: "stopped",
      urls: [],
      job: { kind: "stop", state: "completed" },
    });
  });

  test("failed, and starting once it is tried again", async () => {
    const { ask, begin, settle, status } = setup();
    const start = await ask("start", "demo");
    await begin(start);
    await settle(start, "demo", "failed");
    expect(await status("demo")).toMatchObject({ desired: "stopped", state: "failed", job: { state: "failed" } });
    await ask("start", "demo");
    expect(await status("demo")).toMatchObject({ desired: "running", state: "starting", generation: 3 });
  });

  test("a repl outlives its last job's record", async () => {
    const { ask, begin, settle, status, keys } = setup();
    const start = await ask("start", "demo");
    await begin(start);
    await settle(start, "demo", "completed", { urls });
    const before = await status("demo");
    await redis.del(keys.job(start));
    expect(await status("demo")).toEqual({ ...before, job: { jobId: start, kind: null, state: null } });
  });
});

describe("the list", () => {
  test("has a user's own repls only, page by page in the order of their ids", async () => {
    const { ask, repls } = setup();
    for (const replId of ["c", "a", "b", "e", "d"]) await ask("start", replId);
    await ask("start", "other", "bob");
    const page = async (after: string, limit: number) => {
      const { repls: found, more } = await repls.list("alice", { after, limit });
      return [found.map(({ replId }) => replId).join(""), more];
    };
    expect(await page("", 2)).toEqual(["ab", true]);
    expect(await page("b", 2)).toEqual(["cd", true]);
    expect(await page("d", 2)).toEqual(["e", false]);
    expect(await page("", 5)).toEqual(["abcde", false]);
    expect(await page("zz", 5)).toEqual(["", false]);
    expect(await repls.list("nobody", { after: "", limit: 5 })).toEqual({ repls: [], more: false });
  });
});

describe("keepalive", () => {
  test("notes when the repl was last in use, for its user alone", async () => {
    const { ask, repls, keys } = setup();
    await ask("start", "demo");
    await redis.hset(keys.repl("demo"), "seenAt", 5);
    expect(await repls.keepAlive("demo", "bob")).toBe(false);
    expect(await repls.keepAlive("nothing", "alice")).toBe(false);
    expect(await repls.keepAlive("nothing", undefined)).toBe(false);
    expect(await redis.hget(keys.repl("demo"), "seenAt")).toBe("5");
    expect(await redis.exists(keys.repl("nothing"))).toBe(0);
    for (const userId of ["alice", undefined]) {
      await redis.hset(keys.repl("demo"), "seenAt", 5);
      expect(await repls.keepAlive("demo", userId)).toBe(true);
      expect(Number(await redis.hget(keys.repl("demo"), "seenAt"))).toBeGreaterThan(1_600_000_000_000);
    }
  });
});

describe("the backlog", () => {
  test("counts open jobs and says how long the oldest waits that nobody has taken", async () => {
    const { ask, begin, prefix, keys } = setup();
    const backlog = createBacklogReader(redis, prefix);
    expect(await backlog()).toMatchObject({ openJobs: 0, oldestWaitMs: 0 });
    const [first, second] = [await ask("start", "one"), await ask("start", "two")];
    const now = Number((await redis.time())[0]) * 1_000;
    await redis.zadd(keys.open, now - 60_000, first, now - 20_000, second);
    expect((await backlog()).oldestWaitMs).toBeGreaterThanOrEqual(60_000);
    await begin(first);
    const { openJobs, oldestWaitMs } = await backlog();
    expect(openJobs).toBe(2);
    expect(Math.floor(oldestWaitMs / 10_000)).toBe(2);
    await begin(second);
    expect(await backlog()).toMatchObject({ openJobs: 2, oldestWaitMs: 0 });
  });

  test.each([
    ["a page", 1_000],
    ["all that it looks at", 10_000],
  ])("has the wait of a job behind %s of jobs that are worked on", async (_what, count) => {
    const { prefix, keys } = setup();
    const backlog = createBacklogReader(redis, prefix);
    const now = Number((await redis.time())[0]) * 1_000;
    const active = Array.from({ length: count }, () => randomUUID());
    const pipeline = redis.pipeline();
    for (const jobId of active) pipeline.hset(keys.job(jobId), "state", "active").zadd(keys.open, now - 90_000, jobId);
    await pipeline.exec();
    expect(await backlog()).toMatchObject({ openJobs: count, oldestWaitMs: 0 });
    await redis.zadd(keys.open, now - 60_000, "queued");
    await redis.hset(keys.job("queued"), "state", "queued");
    expect(Math.floor((await backlog()).oldestWaitMs / 10_000)).toBe(6);
  });

  test("has the queue's jobs by state as BullMQ counts them", async () => {
    const { prefix } = setup();
    const queue = openJobQueue({ connection: redis, prefix }, () => {});
    const payload = { version: 1, replId: "demo", userId: "alice", requestId: "r" } as const;
    for (const [state, count] of Object.entries({ prioritized: 3, delayed: 2, waiting: 1, active: 0, failed: 0 }))
      for (let index = 0; index < count; index += 1)
        await queue.add("start", payload, {
          jobId: randomUUID(),
          ...(state === "prioritized" ? { priority: 1 } : {}),
          ...(state === "delayed" ? { delay: 60_000 } : {}),
        });
    await redis.lpush(`${keysOf(prefix).queue}:active`, "a", "b", "c", "d");
    await redis.zadd(`${keysOf(prefix).queue}:failed`, 1, "x", 2, "y", 3, "z", 4, "u", 5, "v");
    const { byState } = await createBacklogReader(redis, prefix)();
    expect(byState).toEqual({ waiting: 1, prioritized: 3, delayed: 2, active: 4, failed: 5 });
    expect(byState).toEqual(await queue.getJobCounts(...QUEUE_STATES));
    await queue.close();
  });
});

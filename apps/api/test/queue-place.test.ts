import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createWorkerRegister, type JobStatus, openJobQueue, QUEUE_NAME } from "@repl/contract";
import { startRedis, type TestRedis, waitFor } from "@repl/testkit";
import { type Job, Worker } from "bullmq";
import type { InjectOptions } from "fastify";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ApiUnderTest, openApi, order } from "./api-under-test.ts";

let redis: TestRedis;
let api: ApiUnderTest;
let connection: Redis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  api = await openApi(redis);
  connection = new Redis(redis.url, { maxRetriesPerRequest: null });
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  connection.disconnect();
});

/** Asks again after 503, as clients do: other tests may keep the machine busier than a request may wait. */
async function answered(options: InjectOptions, wanted: number) {
  const ask = async () => {
    const answer = await api.app.inject(options);
    if (answer.statusCode !== 503) expect(answer.statusCode).toBe(wanted);
    return answer.statusCode === wanted && answer.json();
  };
  return waitFor(ask, { what: `${wanted} from ${options.url}` });
}

const post = async (url: string, userId: string, replId: string): Promise<string> =>
  (await answered({ method: "POST", url, ...order({ userId, replId }) }, 202)).jobId;
const start = (userId: string, replId: string) => post("/start", userId, replId);
const status = (jobId: string): Promise<JobStatus> => answered({ url: `/jobs/${jobId}` }, 200);
const placeOf = async (jobId: string) => (await status(jobId)).queue;

/** Says that there is a worker with so many slots. */
const announce = (slots: number, id = "worker-1") => createWorkerRegister(connection, api.prefix).announce(id, slots);

/** A worker that begins and settles attempts by the real store; `work` is what happens in between. */
function openWorker(concurrency: number, work: (job: Job) => Promise<"completed" | "retrying">) {
  const worker = new Worker(
    QUEUE_NAME,
    async (job) => {
      const lease = { jobId: job.id ?? "", replId: job.data.replId, token: randomUUID() };
      await api.store.begin(lease.jobId, lease.token);
      const state = await work(job);
      await api.store.settle(lease, state, {});
      if (state === "retrying") throw new Error("again");
    },
    { connection, prefix: api.prefix, concurrency },
  );
  return { [Symbol.asyncDispose]: () => worker.close() };
}

/** Lets one attempt of exactly so many milliseconds, by Redis' clock as it is read here, end. */
async function endOneAttempt(replId: string, tookMs: number): Promise<void> {
  const jobId = await start("past", replId);
  await api.store.begin(jobId, "past");
  const [seconds, micros] = await api.redis.time();
  const begunAt = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000) - tookMs;
  await api.redis.hset(`${api.prefix}:job:${jobId}`, "begunAt", begunAt);
  await api.store.settle({ jobId, replId, token: "past" }, "completed", {});
  await api.redis.zrem(`${api.prefix}:repls:prioritized`, jobId);
}

describe("a waiting job's place", () => {
  it("is by turns: a user's n-th start behind everybody's n-th, the older one first", async () => {
    const alices = [await start("alice", "a1"), await start("alice", "a2"), await start("alice", "a3")];
    const bobs = [await start("bob", "b1"), await start("bob", "b2")];
    const ahead = async (jobIds: string[]) => (await Promise.all(jobIds.map(placeOf))).map((place) => place?.ahead);
    expect([await ahead(alices), await ahead(bobs)]).toEqual([
      [0, 2, 4],
      [1, 3],
    ]);
  });

  it("is null once a worker has it, and when it has ended", async () => {
    const jobId = await start("alice", "one");
    await api.store.begin(jobId, "t");
    expect(await placeOf(jobId)).toBeNull();
    await api.store.settle({ jobId, replId: "one", token: "t" }, "completed", {});
    expect(await placeOf(jobId)).toBeNull();
  });

  it("is null where the job has no place in the queue, because the api ended before it was queued", async () => {
    const jobId = await start("alice", "one");
    await api.redis.zrem(`${api.prefix}:repls:prioritized`, jobId);
    expect(await status(jobId)).toMatchObject({ state: "queued", queue: null });
  });

  it("moves without a new ETag, without an answer to who waits, and is in the first event", async () => {
    const first = await start("alice", "one");
    const jobId = await start("alice", "two");
    const { etag = "" } = (await api.app.inject(`/jobs/${jobId}`)).headers as { etag?: string };
    await api.redis.zrem(`${api.prefix}:repls:prioritized`, first);
    const asked = { url: `/jobs/${jobId}?wait=1`, headers: { "if-none-match": etag } };
    expect((await api.app.inject(asked)).statusCode).toBe(304);
    expect(await placeOf(jobId)).toMatchObject({ ahead: 0 });
    const port = await api.listen();
    const stream = await fetch(`http://127.0.0.1:${port}/jobs/${jobId}/events`);
    let text = "";
    for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (text.includes("data:")) break;
    }
    expect(text).toContain('"queue":{"ahead":0,"startsInSeconds":null}');
  });
});

describe("the place in the answer that a wait ends with", () => {
  /** Asks, and resolves once the job was read and is followed. */
  const wait = async (jobId: string, seconds: number) => {
    const answer = api.app.inject(`/jobs/${jobId}?wait=${seconds}`);
    await waitFor(() => api.feed.followers === 1, { what: "a follower" });
    await delay(200);
    return { answer };
  };

  it("is that of the answer, not of the question, where nothing else has changed", async () => {
    const first = await start("alice", "one");
    const { answer } = await wait(await start("alice", "two"), 1);
    await api.redis.zrem(`${api.prefix}:repls:prioritized`, first);
    expect((await answer).json()).toMatchObject({ state: "queued", queue: { ahead: 0 } });
  });

  it("is there for a job that is tried again, though its worker puts it back a moment after it has said so", async () => {
    const jobId = await start("alice", "flaky");
    await api.store.begin(jobId, "t");
    const queue = `${api.prefix}:repls:prioritized`;
    const score = await api.redis.zscore(queue, jobId);
    await api.redis.zrem(queue, jobId);
    const { answer } = await wait(jobId, 10);
    await api.store.settle({ jobId, replId: "flaky", token: "t" }, "retrying", {});
    await delay(20);
    await api.redis.zadd(queue, String(score), jobId);
    expect((await answer).json()).toMatchObject({ state: "retrying", queue: { ahead: 0 } });
  });

  it("is there for a job that was handed back", async () => {
    const jobId = await start("alice", "one");
    await api.store.begin(jobId, "t");
    const { answer } = await wait(jobId, 10);
    await api.store.settle({ jobId, replId: "one", token: "t" }, "queued", {});
    expect((await answer).json()).toMatchObject({ state: "queued", queue: { ahead: 0 } });
  });
});

describe("its estimate", () => {
  it("is null where nobody works, or nothing has ended lately to go by", async () => {
    const jobId = await start("alice", "one");
    expect(await placeOf(jobId)).toEqual({ ahead: 0, startsInSeconds: null });
    await endOneAttempt("past", 10_000);
    expect(await placeOf(jobId)).toEqual({ ahead: 0, startsInSeconds: null });
    await announce(1);
    await api.redis.del(`${api.prefix}:pace`);
    await api.redis.lpush(`${api.prefix}:repls:active`, "busy");
    expect(await placeOf(jobId)).toEqual({ ahead: 0, startsInSeconds: null });
  });

  it("is by how long attempts took and how many slots all workers have, and gone with the last worker", async () => {
    await endOneAttempt("past", 9_000);
    await announce(2);
    const jobId = await start("alice", "one");
    expect(await placeOf(jobId)).toEqual({ ahead: 0, startsInSeconds: 0 }); // A slot is free.
    await api.redis.lpush(`${api.prefix}:repls:active`, "busy-1", "busy-2");
    expect((await placeOf(jobId))?.startsInSeconds).toBe(5);
    await announce(2, "worker-2");
    await api.redis.lpush(`${api.prefix}:repls:active`, "busy-3", "busy-4");
    expect((await placeOf(jobId))?.startsInSeconds).toBe(3);
    const register = createWorkerRegister(connection, api.prefix);
    await register.withdraw("worker-1");
    expect((await placeOf(jobId))?.startsInSeconds).toBe(5);
    await register.withdraw("worker-2");
    expect((await placeOf(jobId))?.startsInSeconds).toBeNull();
  });

  it("does not count a worker that has not said for 15 s that it is there", async () => {
    await announce(3);
    for (const key of ["slots", "workers"]) {
      const ms = await api.redis.pttl(`${api.prefix}:${key}`);
      expect(ms).toBeGreaterThan(10_000);
      expect(ms).toBeLessThanOrEqual(15_000);
    }
    await api.redis.zadd(`${api.prefix}:workers`, 1, "dead:5");
    await announce(3);
    expect(await api.redis.get(`${api.prefix}:slots`)).toBe("3");
  });

  it("is null while the queue is paused, and for a start that waits for its repl's stop", async () => {
    await endOneAttempt("past", 10_000);
    await announce(1);
    const plain = await start("alice", "plain");
    const stopping = await post("/stop", "alice", "again");
    await api.store.begin(stopping, "t");
    const again = await start("alice", "again");
    expect((await placeOf(again))?.startsInSeconds).toBeNull();
    expect((await placeOf(plain))?.startsInSeconds).not.toBeNull();
    const queue = openJobQueue({ connection, prefix: api.prefix }, () => {});
    await queue.pause();
    expect((await placeOf(plain))?.startsInSeconds).toBeNull();
    await queue.close();
  });

  it("of a job that is tried again is its pause at the least", async () => {
    await announce(1);
    const jobId = await start("alice", "flaky");
    await using _worker = openWorker(1, async () => "retrying");
    await waitFor(async () => (await status(jobId)).state === "retrying", { what: "the first attempt to have failed" });
    const place = await waitFor(() => placeOf(jobId), { what: "its place" });
    expect(place).toEqual({ ahead: 0, startsInSeconds: 1 });
  });

  it("comes true within a factor of two and one second, at every place of a queue of 160", {
    timeout: 60_000,
  }, async () => {
    const SLOTS = 4;
    const QUEUED = 160;
    // Between 50 and 150 ms, in an order that does not repeat with the slots.
    const tookMs = (index: number) => 50 + ((index * 37) % 101);
    await announce(SLOTS);
    const WARM = 20;
    let begun = 0;
    let gate = Promise.resolve();
    await using _worker = openWorker(SLOTS, async () => {
      begun += 1;
      const ms = tookMs(begun);
      await gate;
      await delay(ms);
      return "completed";
    });
    const warm: string[] = [];
    for (let index = 0; index < WARM; index += 1) warm.push(await start("warm", `warm-${index}`));
    const haveEnded = async () => (await Promise.all(warm.map(status))).every(({ finishedAt }) => finishedAt !== null);
    await waitFor(haveEnded, { what: "some attempts to have ended", timeoutMs: 20_000 });

    const opened = Promise.withResolvers<void>();
    gate = opened.promise;
    const jobIds: string[] = [];
    for (let index = 0; index < QUEUED; index += 1) jobIds.push(await start("alice", `a-${index}`));
    await waitFor(() => begun === WARM + SLOTS, { what: "all slots to be taken" });
    const asked = (await Promise.all(jobIds.map(status))).filter(({ queue }) => queue !== null);
    expect(asked).toHaveLength(QUEUED - SLOTS);
    const openedAt = Date.now();
    opened.resolve();

    await waitFor(() => begun === WARM + QUEUED, { what: "all to have begun", timeoutMs: 40_000 });
    const begunAt = (await Promise.all(asked.map(({ jobId }) => status(jobId)))).map(
      ({ startedAt }) => startedAt ?? "",
    );
    const startedAt = begunAt.map((time) => (Date.parse(time) - openedAt) / 1_000);
    for (const [index, { queue }] of asked.entries()) {
      const estimate = queue?.startsInSeconds ?? Number.NaN;
      const real = startedAt[index] ?? Number.NaN;
      expect(estimate).toBeLessThanOrEqual(real * 2 + 1);
      expect(estimate).toBeGreaterThanOrEqual(real / 2 - 1);
    }
    expect(startedAt.at(-1)).toBeGreaterThan(2);
  });
});

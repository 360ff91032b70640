import { startRedis, type TestRedis, waitFor } from "@repl/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ApiUnderTest, openApi, order } from "./api-under-test.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let redis: TestRedis;
let api: ApiUnderTest;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  api = await openApi(redis);
});
afterEach(() => api[Symbol.asyncDispose]());

const start = (body: unknown) => api.app.inject({ method: "POST", url: "/start", ...order(body) });
const queued = () => api.redis.zrange(`${api.prefix}:repls:prioritized`, "0", "-1");
const stop = (body: unknown) => api.app.inject({ method: "POST", url: "/stop", ...order(body) });

describe("a start", () => {
  it("is accepted, recorded and queued under one id", async () => {
    const answer = await start({ replId: "repl123", userId: "auth0|5f7c" });
    expect(answer.statusCode).toBe(202);
    const { jobId } = answer.json();
    expect(jobId).toMatch(UUID);
    expect(answer.json()).toEqual({
      jobId,
      replId: "repl123",
      state: "queued",
      statusUrl: `/jobs/${jobId}`,
      eventsUrl: `/jobs/${jobId}/events`,
    });
    expect(answer.headers).toMatchObject({ location: `/jobs/${jobId}`, "retry-after": "1" });
    expect(await api.store.find(jobId)).toMatchObject({
      kind: "start",
      replId: "repl123",
      userId: "auth0|5f7c",
      state: "queued",
    });
    expect(await queued()).toEqual([jobId]);
    const data = JSON.parse((await api.redis.hget(`${api.prefix}:repls:${jobId}`, "data")) ?? "");
    expect(data).toEqual({
      version: 1,
      replId: "repl123",
      userId: "auth0|5f7c",
      requestId: answer.headers["x-request-id"],
    });
  });

  it("without a user is anonymous", async () => {
    const { jobId } = (await start({ replId: "repl123" })).json();
    expect(await api.store.find(jobId)).toMatchObject({ userId: "anonymous" });
  });

  it("joins the one under way and shows its state", async () => {
    const first = (await start({ replId: "repl123" })).json();
    expect((await start({ replId: "repl123" })).json()).toEqual({ ...first, joined: true });
    await api.store.begin(first.jobId, "attempt");
    expect((await start({ replId: "repl123" })).json()).toEqual({ ...first, state: "active", joined: true });
    expect(await queued()).toEqual([first.jobId]);
  });

  it("asked for 50 times at once is one job", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => start({ replId: "repl123" })));
    expect(new Set(answers.map((answer) => answer.json().jobId)).size).toBe(1);
    expect(answers.filter((answer) => answer.json().joined === undefined)).toHaveLength(1);
    expect(await queued()).toHaveLength(1);
  });

  it("of another user's repl is refused without a trace", async () => {
    await start({ replId: "repl123", userId: "alice" });
    const before = await api.jobKeys();
    const answer = await start({ replId: "repl123", userId: "bob" });
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({ code: "repl_taken", status: 409, requestId: answer.headers["x-request-id"] });
    expect(answer.body).not.toContain("alice");
    expect(await api.jobKeys()).toEqual(before);
  });

  it("costs two Redis round trips, also when it joins", async () => {
    await start({ replId: "warm" }); // Loads the scripts.
    const monitor = await api.redis.monitor();
    const sent: string[] = [];
    // Redis names "lua" as the source of what a script calls, which is no round trip.
    monitor.on("monitor", (_time: string, args: string[], source: string) => {
      if (source !== "lua") sent.push((args[0] ?? "").toLowerCase());
    });
    const until = async (marker: string) => {
      await api.redis.echo(marker);
      await waitFor(() => sent.includes("echo"), { what: "the monitor to catch up" });
      return sent.splice(0).filter((name) => name !== "echo");
    };
    await until("begin");
    await start({ replId: "repl1" });
    expect(await until("accepted")).toEqual(["evalsha", "evalsha"]);
    await start({ replId: "repl1" });
    expect(await until("joined")).toEqual(["evalsha", "evalsha"]);
    monitor.disconnect();
  });
});

describe("a full queue", () => {
  it("refuses starts with 503, never stops", async () => {
    await using full = await openApi(redis, { maxOpenJobs: 1 });
    const ask = (url: string, replId: string) => full.app.inject({ method: "POST", url, ...order({ replId }) });
    expect((await ask("/start", "one")).statusCode).toBe(202);
    const refused = await ask("/start", "two");
    expect(refused.statusCode).toBe(503);
    expect(refused.json()).toMatchObject({ code: "queue_full" });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect((await ask("/start", "one")).json().joined).toBe(true);
    expect((await ask("/stop", "one")).statusCode).toBe(202);
  });
});

describe("a stop", () => {
  it("47 cancels the start under way", async () => {
    const started = (await start({ replId: "repl123" })).json();
    const stopped = await stop({ replId: "repl123" });
    expect(stopped.statusCode).toBe(202);
    expect(stopped.json().jobId).not.toBe(started.jobId);
    const status = (await api.app.inject(`/jobs/${started.jobId}`)).json();
    expect(status).toMatchObject({ kind: "start", state: "cancelled", message: "Cancelled: the repl was stopped." });
    expect(status.finishedAt).not.toBeNull();
  });

  it("44 45 of what does not exist is accepted, twice the same", async () => {
    const first = await stop({ replId: "nothing" });
    expect(first.statusCode).toBe(202);
    const again = await stop({ replId: "nothing" });
    expect(again.json()).toEqual({ ...first.json(), joined: true });
  });

  it("45 of another user's repl is refused", async () => {
    await start({ replId: "repl123", userId: "alice" });
    expect((await stop({ replId: "repl123", userId: "bob" })).json()).toMatchObject({ code: "repl_taken" });
  });
});

describe("a queue that does not answer once the job is recorded", () => {
  it.each([
    ["fails", () => Promise.reject(new Error("connection lost"))],
    ["hangs", () => new Promise<void>(() => {})],
  ])("%s: 202 within two seconds, since the job is the service's duty by then", async (_how, enqueue) => {
    await using broken = await openApi(redis, { enqueue });
    const before = performance.now();
    const answer = await broken.app.inject({ method: "POST", url: "/start", ...order({ replId: "repl123" }) });
    expect(performance.now() - before).toBeLessThan(2_000);
    expect(answer.statusCode).toBe(202);
    expect(await broken.store.find(answer.json().jobId)).toMatchObject({ state: "queued" });
    const { jobId } = answer.json();
    expect(broken.logged.filter(({ level, jobId: of }) => level === "warn" && of === jobId)).toMatchObject([
      { replId: "repl123" },
    ]);
  });
});

describe("the log", () => {
  it("has one line for each request, with its ids", async () => {
    const answer = await start({ replId: "repl123" });
    const { jobId } = answer.json();
    const requestId = answer.headers["x-request-id"];
    const lines = api.logged.filter(({ msg }) => msg === "request");
    expect(lines).toMatchObject([
      { requestId, jobId, replId: "repl123", method: "POST", path: "/start", status: 202, ms: expect.any(Number) },
    ]);
    const others = api.logged.filter((line) => line.requestId === requestId && line.msg !== "request");
    expect(others).toMatchObject([{ audit: true }]);
  });
});

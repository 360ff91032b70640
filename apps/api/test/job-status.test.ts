import { type JobStatus, JobStatus as JobStatusSchema, keysOf } from "@repl/contract";
import { startRedis, type TestRedis, waitFor } from "@repl/testkit";
import { Value } from "typebox/value";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ApiUnderTest, openApi, order } from "./api-under-test.ts";
import { beginAttempt } from "./worker-of-tests.ts";

let redis: TestRedis;
let api: ApiUnderTest;
let jobId: string;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  api = await openApi(redis, { maxFollowers: 20 });
  jobId = (await api.app.inject({ method: "POST", url: "/start", ...order({ replId: "repl123", userId: "u" }) })).json()
    .jobId;
});
afterEach(() => api[Symbol.asyncDispose]());

const get = (query = "", headers: Record<string, string> = {}) =>
  api.app.inject({ url: `/jobs/${jobId}${query}`, headers });
const attempt = () => beginAttempt(api.store, jobId, "repl123");

describe("GET /jobs/:jobId", () => {
  it("shows the job from acceptance to completion, always as the schema says", async () => {
    const seen: JobStatus[] = [];
    const look = async () => {
      const answer = await get();
      expect(answer.statusCode).toBe(200);
      seen.push(answer.json());
      return answer;
    };
    expect((await look()).headers["retry-after"]).toBe("1");
    const running = await attempt();
    await look();
    const resource = {
      kind: "Deployment",
      name: "repl123",
      namespace: "default",
      action: "created",
      ready: false,
      message: "",
    } as const;
    await running.report({ phase: "applying", progress: 10, message: "Creating.", resources: [resource] });
    await look();
    await running.complete();
    expect((await look()).headers["retry-after"]).toBeUndefined();

    for (const status of seen) expect([...Value.Errors(JobStatusSchema, status)]).toEqual([]);
    expect(seen.map(({ state, phase, progress }) => [state, phase, progress])).toEqual([
      ["queued", "queued", 0],
      ["active", "queued", 0],
      ["active", "applying", 10],
      ["completed", "done", 100],
    ]);
    expect(seen.at(-1)).toMatchObject({
      jobId,
      kind: "start",
      replId: "repl123",
      userId: "u",
      generation: 1,
      state: "completed",
      phase: "done",
      progress: 100,
      message: "Resources created successfully.",
      attempts: { made: 1, max: 5 },
      createdAt: seen[0]?.createdAt,
      startedAt: expect.stringMatching(/Z$/),
      finishedAt: expect.stringMatching(/Z$/),
      resources: [resource],
      urls: ["http://repl123.peetcode.com"],
      error: null,
    });
  });

  it("shows why a job failed", async () => {
    await (await attempt()).fail();
    const error = {
      code: "image_pull_failed",
      message: expect.any(String),
      retryable: false,
      details: { container: "runner" },
    };
    expect((await get()).json()).toMatchObject({ state: "failed", error });
  });

  it("costs one Redis round trip and no more, whose steps do not grow with the queue", async () => {
    await get(); // A script is sent whole the first time.
    await api.redis.call("CONFIG", "RESETSTAT");
    await get();
    const stats = await api.redis.info("commandstats");
    expect(stats).toMatch(/cmdstat_evalsha:calls=1,/);
    expect(stats).toMatch(/cmdstat_hgetall:calls=1,/);
    expect(stats).not.toMatch(
      /cmdstat_(?!evalsha|hgetall|hmget|zrank|zscore|zcount|llen|hget|hexists|get|time|config|info|ping)/,
    );
  });

  it("HEAD has the headers alone", async () => {
    const answer = await api.app.inject({ method: "HEAD", url: `/jobs/${jobId}` });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toBe("");
    expect(answer.headers.etag).toBe((await get()).headers.etag);
  });
});

describe("ETag", () => {
  it("names the version: 304 while nothing changes, 200 after each change", async () => {
    const first = await get();
    const etag = String(first.headers.etag);
    expect(etag).toMatch(/^W\/"\d+"$/); // Weak: the place in the queue moves without being a change.
    for (const known of [etag, etag.slice(2), `"x", ${etag}`, "*"]) {
      const same = await get("", { "if-none-match": known });
      expect(same.statusCode).toBe(304);
      expect(same.body).toBe("");
      expect(same.headers.etag).toBe(etag);
    }
    for (const known of ["", '"x"', etag.slice(2, -1), `${etag}x`])
      expect((await get("", { "if-none-match": known })).statusCode).toBe(200);
    await attempt();
    const changed = await get("", { "if-none-match": etag });
    expect(changed.statusCode).toBe(200);
    expect(changed.headers.etag).not.toBe(etag);
  });

  it("is for clients that send it themselves: browsers keep no answer, and so do not send it for them", async () => {
    const answer = await get();
    const same = await get("", { "if-none-match": String(answer.headers.etag) });
    for (const { headers } of [answer, same]) expect(headers["cache-control"]).toBe("private, no-store");
  });
});

describe("wait", () => {
  /** Resolves once the request follows the job; what it found by then is in the past. */
  const followed = (count = 1) => waitFor(() => api.feed.followers === count, { what: `${count} followers` });

  it("answers as soon as the state changes", async () => {
    const before = performance.now();
    const answer = get("?wait=30");
    await followed();
    await attempt();
    expect((await answer).json()).toMatchObject({ state: "active" });
    expect(performance.now() - before).toBeLessThan(5_000);
    expect(api.feed.followers).toBe(0);
  });

  it("answers as soon as the phase changes, not at mere progress", async () => {
    const running = await attempt();
    await running.report({ phase: "applying", progress: 10 });
    const answer = get("?wait=30");
    await followed();
    await running.report({ progress: 20 });
    await running.report({ phase: "pulling", progress: 50 });
    expect((await answer).json()).toMatchObject({ phase: "pulling", progress: 50 });
  });

  it("answers when the time is over, with what has changed since", async () => {
    const running = await attempt();
    const before = performance.now();
    const answer = get("?wait=1");
    await followed();
    await running.report({ progress: 20 });
    expect((await answer).json()).toMatchObject({ progress: 20 });
    expect(performance.now() - before).toBeGreaterThan(900);
  });

  it("answers 304 when the time is over and nothing has changed", async () => {
    const { etag } = (await get()).headers;
    expect((await get("?wait=1", { "if-none-match": String(etag) })).statusCode).toBe(304);
  });

  it("answers at once where the job has ended or the client's version is old", async () => {
    const { etag } = (await get()).headers;
    const running = await attempt();
    const before = performance.now();
    expect((await get("?wait=30", { "if-none-match": String(etag) })).json()).toMatchObject({ state: "active" });
    await running.complete();
    expect((await get("?wait=30")).json()).toMatchObject({ state: "completed" });
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  it("that cannot be one is told what one is, and no more", async () => {
    const { errors } = (await get("?wait=31")).json();
    expect(errors).toEqual([{ field: "wait", message: "is not valid. Expected: A whole number of seconds, 1 to 30" }]);
  });

  it("answers every client of one change, without a Redis command for any of them", async () => {
    const answers = Array.from({ length: 20 }, () => get("?wait=30"));
    await followed(20);
    await api.redis.call("CONFIG", "RESETSTAT");
    await attempt();
    for (const answer of await Promise.all(answers)) expect(answer.json()).toMatchObject({ state: "active" });
    const stats = await api.redis.info("commandstats");
    // begin.lua itself reads the record, at most twice.
    expect(Number(/cmdstat_hgetall:calls=(\d+)/.exec(stats)?.[1] ?? 0)).toBeLessThanOrEqual(2);
  });

  it("43 refuses more clients than it can hold, and frees their places", async () => {
    const answers = Array.from({ length: 20 }, () => get("?wait=30"));
    await followed(20);
    const refused = await get("?wait=30");
    expect(refused.statusCode).toBe(429);
    expect(refused.json()).toMatchObject({ code: "too_many_followers" });
    expect(refused.headers["retry-after"]).toBe("5");
    await attempt();
    await Promise.all(answers);
    expect((await get("?wait=1")).statusCode).toBe(200);
  });

  it("for a job that is lost meanwhile is answered like one for an unknown job", async () => {
    const answer = get("?wait=1");
    await followed();
    await api.redis.del(keysOf(api.prefix).job(jobId));
    expect([(await answer).statusCode, (await answer).json().code]).toEqual([404, "job_not_found"]);
  });

  it("of a client that has gone ends", async () => {
    const port = await api.listen();
    const abort = new AbortController();
    const answer = fetch(`http://127.0.0.1:${port}/jobs/${jobId}?wait=30`, { signal: abort.signal });
    await followed();
    abort.abort();
    await expect(answer).rejects.toThrow("aborted");
    await followed(0);
  });

  it("ends when the process does, with the job as it is", async () => {
    const answer = get("?wait=30");
    await followed();
    api.feed.close();
    expect((await answer).json()).toMatchObject({ state: "queued" });
  });
});

describe("a job of a newer version", () => {
  it("is shown with the kind and the state that it has, as is its repl", async () => {
    const newer = { kind: "restart", state: "resting" };
    await api.redis.hset(keysOf(api.prefix).job(jobId), newer);
    const shown = async (url: string) => {
      const answer = await api.app.inject(url);
      return [answer.statusCode, answer.json()];
    };
    expect(await shown(`/jobs/${jobId}`)).toMatchObject([200, newer]);
    expect(await shown("/repls/repl123")).toMatchObject([200, { job: { jobId, ...newer } }]);
    expect(await shown("/repls?userId=u")).toMatchObject([200, { repls: [{ job: { jobId, ...newer } }] }]);
  });

  it("is null where it is no longer kept", async () => {
    await api.redis.del(keysOf(api.prefix).job(jobId));
    expect((await api.app.inject("/repls/repl123")).json().job).toEqual({ jobId, kind: null, state: null });
  });
});

import { startRedis, type TestRedis, waitFor } from "@repl/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ApiUnderTest, openApi, order } from "./api-under-test.ts";
import { type LiveStream, openStream, type StreamEvent } from "./event-stream.ts";
import { beginAttempt } from "./worker-of-tests.ts";

let redis: TestRedis;
let api: ApiUnderTest;
let base: string;
let jobId: string;
beforeAll(async () => {
  redis = await startRedis({ appendOnly: "always" });
});
afterAll(() => redis.stop());
beforeEach(async () => {
  api = await openApi(redis, { maxFollowers: 50, heartbeatMs: 200 });
  base = `http://127.0.0.1:${await api.listen()}`;
  jobId = (await api.app.inject({ method: "POST", url: "/start", ...order({ replId: "repl123" }) })).json().jobId;
});
afterEach(() => api[Symbol.asyncDispose]());

const open = (lastEventId?: string) => openStream(`${base}/jobs/${jobId}/events`, lastEventId);
const attempt = () => beginAttempt(api.store, jobId, "repl123");
const changes = (stream: LiveStream) => stream.events().filter(({ event }) => event !== undefined);
const has = (stream: LiveStream, wanted: (event: StreamEvent) => boolean) =>
  waitFor(() => changes(stream).find(wanted), { what: "the event" });

describe("GET /jobs/:jobId/events", () => {
  it("sends the job as it is, each change, and the end", async () => {
    const stream = await open();
    expect(stream.response.status).toBe(200);
    const headers = Object.fromEntries(stream.response.headers);
    expect(headers["content-type"]).toMatch(/^text\/event-stream/);
    expect(headers).toMatchObject({ "cache-control": "no-store", "x-accel-buffering": "no" });
    await has(stream, ({ data }) => data?.state === "queued");
    const running = await attempt();
    await has(stream, ({ data }) => data?.state === "active");
    await running.report({ phase: "applying", progress: 10 });
    await has(stream, ({ data }) => data?.phase === "applying");
    await running.complete();
    await stream.ended;
    expect(stream.events()[0]).toEqual({ retry: "2000" });
    expect(changes(stream).map(({ event, data }) => [event, data?.state])).toEqual([
      ["progress", "queued"],
      ["progress", "active"],
      ["progress", "active"],
      ["completed", "completed"],
    ]);
    const ids = changes(stream).map(({ id }) => Number(id));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(changes(stream).at(-1)?.data).toEqual((await api.app.inject(`/jobs/${jobId}`)).json());
    expect(api.feed.followers).toBe(0);
  });

  it("ends with `failed` and `cancelled` just so", async () => {
    const failing = await open();
    await (await attempt()).fail();
    await failing.ended;
    expect(changes(failing).at(-1)).toMatchObject({ event: "failed", data: { error: { code: "image_pull_failed" } } });

    jobId = (await api.app.inject({ method: "POST", url: "/start", ...order({ replId: "other" }) })).json().jobId;
    const cancelled = await open();
    await api.app.inject({ method: "POST", url: "/stop", ...order({ replId: "other" }) });
    await cancelled.ended;
    expect(changes(cancelled).at(-1)).toMatchObject({ event: "cancelled", data: { state: "cancelled" } });
  });

  it("gives a late joiner the final event at once", async () => {
    await (await attempt()).complete();
    const stream = await open();
    await stream.ended;
    expect(changes(stream).map(({ event }) => event)).toEqual(["completed"]);
  });

  it("resumes after Last-Event-ID, and tells a browser that has seen the end not to come again", async () => {
    const stream = await open();
    const { id } = await has(stream, ({ data }) => data?.state === "queued");
    stream.abort();
    const running = await attempt();
    const resumed = await open(id);
    await has(resumed, ({ data }) => data?.state === "active");
    expect(changes(resumed)).toHaveLength(1);
    await running.complete();
    await resumed.ended;
    const last = changes(resumed).at(-1)?.id;
    expect((await open(last)).response.status).toBe(204);
  });

  it("sends nothing twice to a client that knows the current version", async () => {
    const first = await open();
    const { id } = await has(first, ({ data }) => data?.state === "queued");
    const second = await open(id);
    await waitFor(() => second.events().some(({ comment }) => comment !== undefined), { what: "a heartbeat" });
    expect(changes(second)).toEqual([]);
  });

  it.each(["abc", "-1", "1e3", "99999999999999999999", "999"])("takes the Last-Event-ID %s for none", async (id) => {
    await has(await open(id), ({ data }) => data?.state === "queued");
  });

  it("sends a comment when there is nothing else to say", async () => {
    const stream = await open();
    const heartbeats = () => stream.events().filter(({ comment }) => comment !== undefined).length;
    await waitFor(() => heartbeats() >= 3, { what: "three heartbeats" });
  });

  it("a stream and a poll that are given up are logged and counted as such", async () => {
    const [stream, poll] = [await open(), new AbortController()];
    const polled = fetch(`${base}/jobs/${jobId}?wait=30`, { signal: poll.signal });
    await waitFor(() => api.feed.followers === 2, { what: "both to follow" });
    stream.abort();
    poll.abort();
    await expect(polled).rejects.toThrow();
    const lines = () =>
      api.logged.filter(({ msg, method, aborted }) => msg === "request" && method === "GET" && aborted);
    await waitFor(() => lines().length === 2, { what: "two lines" });
    expect(
      lines()
        .map(({ status }) => status)
        .sort(),
    ).toEqual([200, 499]);
    const scraped = await api.scrape();
    for (const [route, status] of [
      ["/jobs/:jobId/events", 200],
      ["/jobs/:jobId", 499],
    ]) {
      expect(scraped).toContain(`http_requests_total{method="GET",route="${route}",status="${status}"} 1`);
    }
  });

  it("HEAD opens no stream", async () => {
    const answer = await fetch(`${base}/jobs/${jobId}/events`, { method: "HEAD" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(answer.headers.get("content-length")).toBe(null);
    await waitFor(() => api.feed.followers === 0, { what: "no followers" });
  });
});

describe("43 many followers", () => {
  it("are refused beyond the limit, and a closed tab frees its place", async () => {
    const streams = await Promise.all(Array.from({ length: 50 }, () => open()));
    expect(streams.map(({ response }) => response.status)).toEqual(Array(50).fill(200));
    expect((await open()).response.status).toBe(429);
    for (const stream of streams) stream.abort();
    await waitFor(() => api.feed.followers === 0, { what: "the places to be free" });
    const again = await open();
    expect(again.response.status).toBe(200);
    again.abort();
  });

  it("end when the process does", async () => {
    const streams = await Promise.all([open(), open()]);
    api.feed.close();
    await Promise.all(streams.map(({ ended }) => ended));
  });
});

describe("while Redis is away", () => {
  it("a stream stays open, misses nothing, and goes on", async () => {
    const stream = await open();
    await has(stream, ({ data }) => data?.state === "queued");
    await redis.kill();
    await waitFor(() => !api.feed.live, { what: "the feed to notice" });
    await redis.restart();
    // Before the feed has subscribed again, as likely as not: what it misses it must read.
    const running = await waitFor(attempt, { what: "Redis to take commands" });
    await has(stream, ({ data }) => data?.state === "active");
    await waitFor(() => api.feed.live, { what: "the feed to be live again" });
    await running.report({ phase: "applying" });
    await has(stream, ({ data }) => data?.phase === "applying");
    stream.abort();
  });
});

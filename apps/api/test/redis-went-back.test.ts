import { startRedis, type TestRedis, waitFor } from "@repl/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ApiUnderTest, openApi, order } from "./api-under-test.ts";
import { openStream } from "./event-stream.ts";
import { beginAttempt } from "./worker-of-tests.ts";

let redis: TestRedis;
let api: ApiUnderTest;
let base: string;
let jobId: string;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  api = await openApi(redis, { heartbeatMs: 100 });
  base = `http://127.0.0.1:${await api.listen()}`;
  jobId = (await api.app.inject({ method: "POST", url: "/start", ...order({ replId: "repl123" }) })).json().jobId;
});
afterEach(() => api[Symbol.asyncDispose]());

const get = (query = "", headers = {}) => api.app.inject({ url: `/jobs/${jobId}${query}`, headers });

/** What is written meanwhile is lost, as by a failover to a replica that had not heard of it. */
async function losing(work: () => Promise<void>): Promise<void> {
  const key = `${api.prefix}:job:${jobId}`;
  const kept = await api.redis.dumpBuffer(key);
  await work();
  await api.redis.restore(key, 0, kept, "REPLACE");
}

describe("after Redis lost its last writes", () => {
  it("whoever has seen them hears of the job's end all the same", async () => {
    const running = await beginAttempt(api.store, jobId, "repl123");
    const stream = await openStream(`${base}/jobs/${jobId}/events`);
    const seen = () => stream.events().findLast(({ data }) => data !== undefined);
    let [etag, id] = ["", ""];
    await losing(async () => {
      await running.report({ phase: "applying", progress: 10 });
      await running.report({ phase: "starting", progress: 80 });
      etag = String((await get()).headers.etag);
      await waitFor(() => seen()?.data?.phase === "starting", { what: "the stream to tell of it" });
      id = String(seen()?.id);
    });
    await running.report({ phase: "applying", progress: 10 });
    await running.complete(); // The same number of changes as the client has seen.
    await stream.ended;
    expect(seen()).toMatchObject({ event: "completed", data: { state: "completed" } });
    expect((await get("?wait=1", { "if-none-match": etag })).json()).toMatchObject({ state: "completed" });
    const resumed = await openStream(`${base}/jobs/${jobId}/events`, id);
    await resumed.ended;
    expect(resumed.events().findLast(({ data }) => data)).toMatchObject({ event: "completed" });
  });

  it("the stream of a job that is among them ends, and its client is told 404", async () => {
    const stream = await openStream(`${base}/jobs/${jobId}/events`);
    await waitFor(() => api.feed.followers === 1, { what: "the stream to follow" });
    await api.redis.del(`${api.prefix}:job:${jobId}`);
    await api.redis.call("CLIENT", "KILL", "TYPE", "pubsub");
    await stream.ended;
    expect((await get()).statusCode).toBe(404);
    expect(api.feed.followers).toBe(0);
  });
});

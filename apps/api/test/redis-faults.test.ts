import { setTimeout as delay } from "node:timers/promises";
import { freePort, startRedis, type TestRedis, waitFor } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApiProcess, postStart, startApiProcess } from "./api-process.ts";

let redis: TestRedis;
let api: ApiProcess;
beforeAll(async () => {
  redis = await startRedis({ appendOnly: "always" });
  api = await startApiProcess({ REDIS_URL: redis.url });
  await readyWithin(api, 200, 15_000);
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await redis.stop();
});

async function readyWithin({ ops }: ApiProcess, status: number, timeoutMs: number): Promise<Record<string, unknown>> {
  const look = async () => {
    const answer = await fetch(`${ops}/readyz`);
    return answer.status === status && ((await answer.json()) as Record<string, unknown>);
  };
  return waitFor(look, { what: `readyz to answer ${status}`, timeoutMs });
}

/** Every route that needs Redis, all at once; each within two seconds. */
async function everyRouteIsUnavailable({ base, ops }: ApiProcess): Promise<void> {
  const timed = async (answer: Promise<Response>) => {
    const before = performance.now();
    const { status, headers, ...rest } = await answer.then(async (it) => ({
      status: it.status,
      headers: it.headers,
      body: (await it.json()) as Record<string, unknown>,
    }));
    expect(performance.now() - before).toBeLessThan(2_000);
    expect(status).toBe(503);
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(rest.body).toMatchObject({ code: "dependency_unavailable", requestId: headers.get("x-request-id") });
    expect(JSON.stringify(rest.body)).not.toMatch(/redis|stream|timed out/i);
  };
  const paths = ["/jobs/nope", "/jobs/nope?wait=30", "/jobs/nope/events"];
  await Promise.all([timed(postStart(base, "while-away")), ...paths.map((path) => timed(fetch(base + path)))]);
  expect((await fetch(`${ops}/livez`)).status).toBe(200);
  expect((await fetch(`${base}/openapi.json`)).status).toBe(200);
}

describe("Redis gone and back", () => {
  it("every answer is 503 within 2 s, readyz turns red and names it, and all is well after it returns", async () => {
    const { jobId } = (await (await postStart(api.base, "before")).json()) as { jobId: string };
    await redis.kill();
    await everyRouteIsUnavailable(api);
    const red = await readyWithin(api, 503, 10_000);
    expect(red).toMatchObject({
      code: "not_ready",
      checks: { redis: expect.not.stringMatching(/^ok$/), draining: "ok" },
    });
    expect(red.detail).toContain("redis");
    const refused = () => api.logged().some(({ msg }) => msg === "connection error");
    await waitFor(refused, { what: "the outage to be logged" });
    await redis.restart();
    await readyWithin(api, 200, 15_000);
    expect((await fetch(`${api.base}/jobs/${jobId}`)).status).toBe(200);
    expect((await postStart(api.base, "after")).status).toBe(202);
  });
});

describe("Redis gone while a client waits", () => {
  it("is 503 once the time is over, since the place in the queue is not known then", async () => {
    const { jobId } = (await (await postStart(api.base, "waiting")).json()) as { jobId: string };
    const before = performance.now();
    const waiting = fetch(`${api.base}/jobs/${jobId}?wait=3`);
    await delay(1_000);
    await redis.kill();
    const answer = await waiting;
    const tookMs = performance.now() - before;
    await redis.restart();
    await readyWithin(api, 200, 15_000);
    expect([answer.status, await answer.json()]).toMatchObject([503, { code: "dependency_unavailable" }]);
    expect(tookMs).toBeGreaterThan(2_900);
    expect(tookMs).toBeLessThan(5_000);
  });
});

describe("Redis hung and back", () => {
  it("every answer is 503 within 2 s, readyz turns red, and all is well after it goes on", async () => {
    redis.pause();
    try {
      await everyRouteIsUnavailable(api);
      await readyWithin(api, 503, 10_000);
    } finally {
      redis.resume();
    }
    await readyWithin(api, 200, 15_000);
    expect((await postStart(api.base, "after-the-pause")).status).toBe(202);
  });

  it("a start whose answer was lost is the same job when it is asked for again", async () => {
    redis.pause();
    const lost = await postStart(api.base, "lost").finally(() => redis.resume());
    expect(lost.status).toBe(503);
    await readyWithin(api, 200, 15_000);
    const first = (await (await postStart(api.base, "lost")).json()) as Record<string, unknown>;
    const second = (await (await postStart(api.base, "lost")).json()) as Record<string, unknown>;
    expect(second).toMatchObject({ jobId: first.jobId, joined: true });
  });
});

describe("Redis not there yet", () => {
  it("the process starts, says that it is not ready, and recovers by itself", async () => {
    const port = await freePort();
    await using early = await startApiProcess({ REDIS_URL: `redis://127.0.0.1:${port}` });
    await readyWithin(early, 503, 5_000);
    await everyRouteIsUnavailable(early);
    const late = await startRedis({ port });
    try {
      await readyWithin(early, 200, 15_000);
      expect((await postStart(early.base, "finally")).status).toBe(202);
      expect(await late.command("ZCARD", "{repl-orchestrator}:repls:prioritized")).toBe(1);
    } finally {
      await late.stop();
    }
  });

  it("SIGTERM ends it all the same", async () => {
    await using early = await startApiProcess({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    expect(await early.process.stop()).toMatchObject({ code: 0, signal: null });
  });
});

describe("the log of an outage", () => {
  it("is JSON throughout, with the same error at most once in half a minute and no error of ours", () => {
    const lines = api.logged();
    const errors = lines.filter(({ msg }) => msg === "connection error");
    expect(errors.length).toBeGreaterThan(0);
    const perError = Map.groupBy(errors, ({ source, err }) => `${source} ${(err as Error).message}`);
    expect(Math.max(...[...perError.values()].map((same) => same.length))).toBeLessThanOrEqual(2);
    expect(lines.filter(({ level }) => level === "error" || level === "fatal")).toEqual([]);
  });

  it("never holds the password of REDIS_URL", async () => {
    await redis.command("CONFIG", "SET", "requirepass", "the-right-one");
    const url = redis.url.replace("redis://", "redis://:canary-hunter2@");
    await using locked = await startApiProcess({ REDIS_URL: url, LOG_LEVEL: "trace" });
    await readyWithin(locked, 503, 5_000);
    expect((await postStart(locked.base, "locked")).status).toBe(503);
    await waitFor(() => locked.logged().some(({ msg }) => msg === "connection error"), {
      what: "the refusal to be logged",
    });
    await locked.process.stop(); // It writes its last lines only then.
    expect(locked.process.output.text()).not.toContain("canary");
  });
});

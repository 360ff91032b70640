import { QUEUE_NAME } from "@repl/contract";
import { startRedis, type TestRedis, waitFor } from "@repl/testkit";
import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApiUnderTest, openApi, order } from "./api-under-test.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

function post({ app }: ApiUnderTest, url: string, body: object, key?: string) {
  const { headers, payload } = order(body);
  const all = { ...headers, ...(key === undefined ? {} : { "idempotency-key": key }) };
  return app.inject({ method: "POST", url, payload, headers: all });
}

describe("a user's limits", () => {
  it("200 starts of different repls at once by a user capped at 5: exactly 5 are accepted", async () => {
    await using api = await openApi(redis, { maxRunningPerUser: 5 });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => post(api, "/start", { replId: `repl-${index}`, userId: "alice" })),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 202)).toHaveLength(5);
    const refused = answers.filter(({ statusCode }) => statusCode === 429);
    expect(refused).toHaveLength(195);
    expect(refused[0]?.headers).toMatchObject({ "content-type": "application/problem+json", "retry-after": "5" });
    expect(refused[0]?.json()).toMatchObject({
      code: "user_limit",
      detail: "At most 5 repls of a user may be running at the same time.",
      details: { limit: "running", max: 5 },
    });
    expect(await api.redis.zcard(`${api.prefix}:open`)).toBe(5);
    expect((await post(api, "/start", { replId: "bobs", userId: "bob" })).statusCode).toBe(202);
    expect(await api.scrape()).toMatch(/repl_orders_total\{kind="start",outcome="user_limit"\} 195/);
  });
});

it("a limit of one is told in the singular", async () => {
  await using api = await openApi(redis, { maxStartingPerUser: 1 });
  await post(api, "/start", { replId: "one", userId: "alice" });
  expect((await post(api, "/start", { replId: "two", userId: "alice" })).json().detail).toBe(
    "At most 1 repl of a user may be starting at the same time.",
  );
});

describe("the rate limit", () => {
  it("tells what is left, then 429 and when to come again, in one Redis round trip with the order", async () => {
    await using api = await openApi(redis, { ordersPerMinute: 2 });
    const headers = (answer: Awaited<ReturnType<typeof post>>) =>
      ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after"].map((name) => answer.headers[name]);
    const first = await post(api, "/start", { replId: "one", userId: "alice" });
    expect(headers(first)).toEqual(["2", "1", "30", "1"]);
    expect((await post(api, "/stop", { replId: "one", userId: "alice" })).statusCode).toBe(202);
    const limited = await post(api, "/start", { replId: "two", userId: "bob" }); // The same client address.
    expect([limited.statusCode, limited.json().code]).toEqual([429, "rate_limited"]);
    expect(limited.headers["content-type"]).toBe("application/problem+json");
    const [limit, remaining, reset, retryAfter] = headers(limited);
    expect([limit, remaining]).toEqual(["2", "0"]);
    expect(Number(reset)).toBeGreaterThan(50);
    expect(Number(retryAfter)).toBeGreaterThan(25);
    expect((await api.app.inject("/repls")).statusCode).toBe(200);
  });

  it("is not asked about when there is none", async () => {
    await using api = await openApi(redis);
    expect((await post(api, "/start", { replId: "one" })).headers).not.toHaveProperty("ratelimit-limit");
  });

  it("counts by the client behind a trusted proxy, and by nothing a client says otherwise", async () => {
    const ask = (api: ApiUnderTest, forwarded: string) => {
      const { payload, headers } = order({ replId: "one" });
      return api.app.inject({
        method: "POST",
        url: "/start",
        payload,
        headers: { ...headers, "x-forwarded-for": forwarded },
      });
    };
    await using plain = await openApi(redis, { ordersPerMinute: 1 });
    expect((await ask(plain, "192.0.2.1")).statusCode).toBe(202);
    expect((await ask(plain, "192.0.2.2")).statusCode).toBe(429);
    await using proxied = await openApi(redis, { ordersPerMinute: 1, trustedProxies: ["127.0.0.0/8"] });
    expect((await ask(proxied, "192.0.2.1")).statusCode).toBe(202);
    expect((await ask(proxied, "192.0.2.2")).statusCode).toBe(202);
    expect((await ask(proxied, "198.51.100.7, 192.0.2.2")).statusCode).toBe(429); // Its nearest hop counts.
  });
});

describe("Idempotency-Key", () => {
  it("answers the same order as the first time, whatever has happened since", async () => {
    await using api = await openApi(redis);
    const first = await post(api, "/start", { replId: "one" }, "8e03978e-40d5");
    expect(first.headers).not.toHaveProperty("idempotency-replayed");
    await post(api, "/stop", { replId: "one" });
    const again = await post(api, "/start", { replId: "one" }, "8e03978e-40d5");
    expect([again.statusCode, again.body]).toEqual([202, first.body]);
    expect(again.headers).toMatchObject({ "idempotency-replayed": "true", location: first.headers.location });
    expect((await post(api, "/start", { replId: "one" }, "another")).json().jobId).not.toBe(first.json().jobId);
  });

  it("31 is 422 for another order, and free for another user", async () => {
    await using api = await openApi(redis);
    await post(api, "/start", { replId: "one", userId: "alice" }, "key");
    for (const [url, replId] of [
      ["/start", "two"],
      ["/stop", "one"],
    ] as const) {
      const answer = await post(api, url, { replId, userId: "alice" }, "key");
      expect([answer.statusCode, answer.json().code]).toEqual([422, "idempotency_mismatch"]);
    }
    expect((await post(api, "/start", { replId: "bobs", userId: "bob" }, "key")).statusCode).toBe(202);
  });

  it("is 409 while the first request under it has no answer, and its answer afterwards", async () => {
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const enqueue = () => {
      entered.resolve();
      return gate.promise;
    };
    await using api = await openApi(redis, { enqueue });
    const first = post(api, "/start", { replId: "one" }, "key");
    await entered.promise;
    const early = await post(api, "/start", { replId: "one" }, "key");
    expect([early.statusCode, early.json().code]).toEqual([409, "idempotency_in_flight"]);
    expect(early.headers["retry-after"]).toBe("1");
    gate.resolve();
    const { jobId } = (await first).json();
    const late = await post(api, "/start", { replId: "one" }, "key");
    expect([late.json().jobId, late.headers["idempotency-replayed"]]).toEqual([jobId, "true"]);
  });

  it.each(["", "k".repeat(256), "with space", "ümlaut", "a\u0080"])("31 %j is refused", async (key) => {
    await using api = await openApi(redis);
    const answer = await post(api, "/start", { replId: "one" }, key);
    expect([answer.statusCode, answer.json().errors?.[0]?.field]).toEqual([400, "idempotency-key"]);
    expect(await api.jobKeys()).toEqual([]);
  });

  it("costs no round trip more", async () => {
    await using api = await openApi(redis, { ordersPerMinute: 1_000 });
    await post(api, "/start", { replId: "warm" }, "warm");
    const monitor = await api.redis.monitor();
    const sent: string[] = [];
    monitor.on("monitor", (_time: string, args: string[], source: string) => {
      if (source !== "lua") sent.push((args[0] ?? "").toLowerCase());
    });
    await api.redis.echo("begin");
    await post(api, "/start", { replId: "one" }, "key");
    await api.redis.echo("end");
    await waitFor(() => sent.filter((name) => name === "echo").length === 2, { what: "the monitor to catch up" });
    expect(sent).toEqual(["echo", "evalsha", "evalsha", "echo"]);
    monitor.disconnect();
  });
});

describe("fair shares", () => {
  it("behind 500 starts of one user, another's first begins within the next 10 slots of a worker with 5", async () => {
    await using api = await openApi(redis);
    for (let from = 0; from < 500; from += 50) {
      const batch = Array.from({ length: 50 }, (_, index) => `a-${from + index}`);
      await Promise.all(batch.map((replId) => post(api, "/start", { replId, userId: "alice" })));
    }
    const begun: string[] = [];
    const release: (() => void)[] = [];
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    const worker = new Worker(
      QUEUE_NAME,
      async ({ data }) => {
        begun.push(data.replId);
        await new Promise<void>((resolve) => void release.push(resolve));
      },
      { connection, prefix: api.prefix, concurrency: 5 },
    );
    await waitFor(() => begun.length === 5, { what: "five of the first user's starts to be under way" });
    await post(api, "/start", { replId: "b", userId: "bob" });
    while (!begun.includes("b") && begun.length < 50) {
      const before = begun.length;
      release.shift()?.();
      await waitFor(() => begun.length > before, { what: "the next job to begin" });
    }
    expect(begun.indexOf("b")).toBeLessThan(5 + 10);
    const closed = worker.close(true);
    for (const go of release) go();
    await closed;
    connection.disconnect();
  });
});

describe("the audit trail", () => {
  it("has a line for each start and stop that was admitted, with what became of it, and for nothing else", async () => {
    await using api = await openApi(redis);
    const key = "once";
    const started = await post(api, "/start", { replId: "one", userId: "alice" }, key);
    const joined = await post(api, "/start", { replId: "one", userId: "alice" });
    const replayed = await post(api, "/start", { replId: "one", userId: "alice" }, key);
    await post(api, "/start", { replId: "one", userId: "bob" });
    const stopped = await post(api, "/stop", { replId: "one", userId: "alice" });
    const common = { level: "info", userId: "alice", caller: null, replId: "one", clientIp: "127.0.0.1" };
    const line = (action: string, outcome: string, { headers, json }: typeof started) => ({
      ...{ time: expect.any(String), pid: expect.any(Number), process: "api", audit: true },
      ...{ ...common, action, outcome, reason: "requested", msg: `${action} ${outcome}` },
      ...{ jobId: json().jobId, requestId: headers["x-request-id"] },
    });
    expect(api.logged.filter(({ audit }) => audit === true)).toEqual([
      line("start", "accepted", started),
      line("start", "joined", joined),
      line("start", "replayed", replayed),
      line("stop", "accepted", stopped),
    ]);
    expect(new Set([started, joined, replayed].map(({ json }) => json().jobId)).size).toBe(1);
  });
});

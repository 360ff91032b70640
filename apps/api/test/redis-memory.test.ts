import { readRedisMemory } from "@repl/contract";
import { createRegistry } from "@repl/ops";
import { startRedis, waitFor } from "@repl/testkit";
import { expect, it } from "vitest";
import { addQueueGauges } from "../src/metrics/queue-gauges.ts";
import { startApiProcess } from "./api-process.ts";

/** Value of a gauge; undefined where it is not shown. */
function gauge(text: string, name: string): number | undefined {
  const shown = new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1];
  return shown === undefined ? undefined : Number(shown);
}

it("how full Redis is shows before it is, and when it refuses", async () => {
  await using redis = await startRedis();
  await using api = await startApiProcess({ REDIS_URL: redis.url });
  await waitFor(async () => (await fetch(`${api.ops}/readyz`)).ok, { what: "the api to be ready" });
  const scrape = async () => (await fetch(`${api.ops}/metrics`)).text();

  const before = await scrape();
  expect(gauge(before, "repl_redis_memory_bytes")).toBeGreaterThan(100_000);
  expect(gauge(before, "repl_redis_memory_max_bytes")).toBe(0);

  await redis.command("CONFIG", "SET", "maxmemory", "600000");
  for (const kind of ["start", "stop"]) {
    const answer = await fetch(`${api.base}/${kind}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"replId":"too-much"}',
    });
    expect([kind, answer.status]).toEqual([kind, 503]);
  }
  const after = await scrape();
  expect(gauge(after, "repl_redis_memory_max_bytes")).toBe(600_000);
  expect(gauge(after, "repl_redis_memory_bytes")).toBeGreaterThan(0.8 * 600_000);
  expect(gauge(after, "repl_redis_up")).toBe(1);
});

/** A registry whose Redis answers INFO as it is told. */
const NOTHING_QUEUED = { waiting: 0, prioritized: 0, active: 0, delayed: 0, failed: 0 };

function registryWith(answer: () => Promise<string>) {
  let asked = 0;
  const info = () => {
    asked += 1;
    return answer();
  };
  const registry = createRegistry();
  addQueueGauges(registry, {
    backlog: async () => ({ openJobs: 3, oldestWaitMs: 0, byState: NOTHING_QUEUED }),
    memory: () => readRedisMemory({ info }),
  });
  return { registry, asked: () => asked };
}

it("a scrape asks Redis once", async () => {
  const { registry, asked } = registryWith(async () => "# Memory\r\nused_memory:2048\r\nmaxmemory:4096\r\n");
  const text = await registry.metrics();
  expect([gauge(text, "repl_redis_memory_bytes"), gauge(text, "repl_redis_memory_max_bytes")]).toEqual([2048, 4096]);
  expect(asked()).toBe(1);
});

it.each([
  ["refuses to say", () => Promise.reject(new Error("NOPERM"))],
  ["says nothing of its memory", async () => "# Server\r\nredis_version:7.0.0\r\n"],
  ["is not there", () => Promise.reject(new Error("Connection is closed."))],
])("a Redis that %s keeps no other figure from being shown", async (_what, answer) => {
  const text = await registryWith(answer).registry.metrics();
  expect(gauge(text, "repl_redis_memory_bytes")).toBeUndefined();
  expect(gauge(text, "repl_redis_memory_max_bytes")).toBeUndefined();
  expect([gauge(text, "repl_redis_up"), gauge(text, "repl_open_jobs")]).toEqual([1, 3]);
});

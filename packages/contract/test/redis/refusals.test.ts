import { startRedis, type TestRedis, waitFor } from "@repl/testkit";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectForRequests, connectForWork, createRedisCheck, isRefusal, redisPlace } from "../../src/index.ts";

let server: TestRedis;
let requests: Redis;
let work: Redis;
let refused: string[];

beforeEach(async () => {
  server = await startRedis();
  const place = redisPlace({ redisUrl: server.url, queuePrefix: "{refusals}" });
  requests = connectForRequests(place);
  work = connectForWork(place);
  refused = [];
  requests.on("error", () => {});
  work.on("error", ({ message }: Error) => refused.push(message));
  await waitFor(() => requests.status === "ready" && work.status === "ready", { what: "both connections" });
});
afterEach(async () => {
  for (const redis of [requests, work]) redis.disconnect();
  await server.stop();
});

const CONFIG = (name: string, value: string | number) => server.command("CONFIG", "SET", name, value);
const SCRIPT = "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('INCR', KEYS[2])";
const write = (redis: Redis, value: string) => redis.eval(SCRIPT, 2, "{refusals}:a", "{refusals}:count", value);

/** Each way in which a server that answers does not take writes, and how it ends. */
const STATES = [
  {
    answer: "READONLY",
    begin: () => server.command("REPLICAOF", "127.0.0.1", 1),
    end: () => server.command("REPLICAOF", "NO", "ONE"),
  },
  {
    answer: "NOREPLICAS",
    begin: () => CONFIG("min-replicas-to-write", 1),
    end: () => CONFIG("min-replicas-to-write", 0),
  },
  { answer: "OOM", begin: () => CONFIG("maxmemory", 1), end: () => CONFIG("maxmemory", 0) },
];

describe.each(STATES)("while the server answers $answer", ({ answer, begin, end }) => {
  it("a request fails at once, and work waits and is done exactly once afterwards", async () => {
    await begin();
    const started = performance.now();
    await expect(write(requests, "request")).rejects.toSatisfy((error) => isRefusal(error as Error));
    expect(performance.now() - started).toBeLessThan(800);

    const working = write(work, "work");
    await waitFor(() => refused.length >= 2, { what: "the work to be refused, and asked for again" });
    expect(refused.every((message) => message.includes(answer))).toBe(true);
    await end();
    expect(await working).toBe(1);
    expect(await server.command("GET", "{refusals}:a")).toBe("work");
    await waitFor(() => write(requests, "request").then(() => true), { what: "requests to succeed again" });
  });
});

it("a server that has become a replica is not ready, and is again when it is the primary", async () => {
  const place = redisPlace({ redisUrl: server.url, queuePrefix: "{refusals}" });
  const check = createRedisCheck(requests, place);
  await check();
  await server.command("REPLICAOF", "127.0.0.1", 1);
  await expect(check()).rejects.toThrow("Redis is a replica, which takes no writes");
  await server.command("REPLICAOF", "NO", "ONE");
  await check();
});

it("a server that begins to evict keys is not ready, and says why", async () => {
  const check = createRedisCheck(requests, redisPlace({ redisUrl: server.url, queuePrefix: "{refusals}" }));
  await CONFIG("maxmemory-policy", "allkeys-lru");
  await expect(check()).rejects.toThrow("evicts keys when its memory is full (maxmemory-policy allkeys-lru)");
});

it("a server that hangs is given up, so that another one can be found in its place", async () => {
  const asked = requests.status;
  expect(asked).toBe("ready");
  const statuses: string[] = [];
  requests.on("reconnecting", () => statuses.push("reconnecting"));
  server.pause();
  try {
    await expect(write(requests, "request")).rejects.toThrow("Command timed out");
    await waitFor(() => statuses.length > 0, { what: "the connection to be given up" });
  } finally {
    server.resume();
  }
});

it("while a server loads its data requests fail fast, and work waits and is done afterwards", async () => {
  await server.stop();
  // A setting of Redis for tests: each command of the append-only file takes that many µs to load.
  const slow = await startRedis({ port: server.port, appendOnly: "everysec", args: ["--key-load-delay", "1000"] });
  server = slow;
  await waitFor(() => work.status === "ready", { what: "the work's connection" });
  await Promise.all(Array.from({ length: 3_000 }, (_, number) => work.set(`{refusals}:${number}`, "x")));
  await slow.kill();
  const restarted = slow.restart();
  await waitFor(() => requests.status !== "ready", { what: "the end to be noticed" });
  const working = write(work, "work");
  const failures: number[] = [];
  const attempt = async () => {
    const asked = performance.now();
    return write(requests, "request").catch(() => void failures.push(performance.now() - asked));
  };
  await waitFor(attempt, { what: "requests to succeed again", timeoutMs: 20_000 });
  await restarted;
  expect(failures.length).toBeGreaterThan(0);
  expect(Math.max(...failures)).toBeLessThan(1_000);
  expect(await working).toBeGreaterThan(0);
  expect(await slow.command("DBSIZE")).toBe(3_002);
});

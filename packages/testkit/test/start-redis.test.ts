import { existsSync } from "node:fs";
import { Redis } from "ioredis";
import { afterEach, expect, test } from "vitest";
import { assertCleanRedis, keysWithPrefix, startRedis, type TestRedis, waitFor } from "../src/index.ts";

const started: TestRedis[] = [];
async function start(...args: Parameters<typeof startRedis>): Promise<TestRedis> {
  const redis = await startRedis(...args);
  started.push(redis);
  return redis;
}
afterEach(async () => {
  await Promise.all(started.splice(0).map((redis) => redis.stop()));
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("answers on a port of its own, and leaves neither process nor data", async () => {
  const [one, two] = await Promise.all([start(), start()]);
  expect(one.port).not.toBe(two.port);
  await one.command("SET", "k", "v");
  expect(await one.command("GET", "k")).toBe("v");
  expect(await two.command("GET", "k")).toBeNull();
  const { pid, dataDir } = one;
  expect(alive(pid)).toBe(true);
  await one.stop();
  await one.stop();
  expect(alive(pid)).toBe(false);
  expect(existsSync(dataDir)).toBe(false);
  await expect(one.command("PING")).rejects.toThrow();
});

test("a paused server keeps its connections and answers when resumed", async () => {
  const redis = await start();
  const client = new Redis(redis.url);
  try {
    await client.ping();
    redis.pause();
    let answered = false;
    const pong = client.ping().then((answer) => {
      answered = true;
      return answer;
    });
    await expect(waitFor(() => answered, { what: "an answer", timeoutMs: 200 })).rejects.toThrow("waited 200 ms");
    redis.resume();
    expect(await pong).toBe("PONG");
  } finally {
    client.disconnect();
  }
});

test("a paused server can be stopped", async () => {
  const redis = await start();
  redis.pause();
  await redis.stop();
  expect(alive(redis.pid)).toBe(false);
});

test.each([
  { appendOnly: "always" as const, kept: "v" },
  { appendOnly: undefined, kept: null },
])("after kill and restart the data is $kept with appendOnly $appendOnly", async ({ appendOnly, kept }) => {
  const redis = await start(appendOnly ? { appendOnly } : {});
  await redis.command("SET", "k", "v");
  const { pid, port } = redis;
  expect(await redis.kill()).toMatchObject({ signal: "SIGKILL" });
  expect(alive(pid)).toBe(false);
  await redis.restart();
  expect(redis.pid).not.toBe(pid);
  expect(redis.port).toBe(port);
  expect(await redis.command("GET", "k")).toBe(kept);
});

test("arguments reach the server", async () => {
  const redis = await start({ args: ["--maxmemory", "5mb"] });
  expect(await redis.command("CONFIG", "GET", "maxmemory")).toEqual(["maxmemory", String(5 * 1024 * 1024)]);
});

test("says how to install a missing server", async () => {
  await expect(startRedis({ binary: "valkey-server-that-is-missing" })).rejects.toThrow(
    /is not installed: run "apt-get install -y --no-install-recommends valkey-server"/,
  );
});

test("says what the server said when it cannot run", async () => {
  await expect(startRedis({ args: ["--no-such-directive", "1"] })).rejects.toThrow(
    /ended early[\s\S]*no-such-directive/,
  );
});

test("finds the keys of a prefix only, whatever it holds", async () => {
  const redis = await start();
  const prefix = "{a[b]*}";
  for (const key of [`${prefix}:1`, `${prefix}:2`, "{ab}:3", "{a[b]x}:4"]) await redis.command("SET", key, 1);
  expect(await keysWithPrefix(redis.url, prefix)).toEqual([`${prefix}:1`, `${prefix}:2`]);
  await expect(assertCleanRedis(redis.url, prefix)).rejects.toThrow(`still holds 2 keys of ${prefix}:\n${prefix}:1`);
  await assertCleanRedis(redis.url, prefix, { except: [/:[12]$/] });
  await assertCleanRedis(redis.url, "{other}");
});

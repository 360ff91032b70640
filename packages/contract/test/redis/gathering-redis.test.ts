import { once } from "node:events";
import { connectForWork, redisPlace } from "@repl/contract";
import { startRedis, startTcpProxy, type TcpProxy, type TestRedis, waitFor } from "@repl/testkit";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";

const COMMANDS = 50;

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

async function connected(proxy: TcpProxy): Promise<Redis & Disposable> {
  const place = redisPlace({ redisUrl: `redis://127.0.0.1:${proxy.port}`, queuePrefix: "{gather}" });
  const connection = connectForWork(place);
  connection.on("error", () => {});
  await once(connection, "ready");
  return Object.assign(connection, { [Symbol.dispose]: () => connection.disconnect() });
}

const keys = (name: string) => Array.from({ length: COMMANDS }, (_, index) => `{gather}:${name}:${index}`);

test("commands of one turn of the event loop leave together, and each gets its own answer", async () => {
  await using proxy = await startTcpProxy({ targetPort: Number(new URL(redis.url).port) });
  using connection = await connected(proxy);
  let chunks = 0;
  proxy.inspect((direction) => {
    if (direction === "up") chunks += 1;
    return "pass";
  });
  const answers = await Promise.all(keys("together").map((key, index) => connection.incrby(key, index)));
  expect(answers).toEqual(keys("together").map((_, index) => index));
  expect(chunks).toBe(1);
});

test("a command that follows an answer does not wait for others", async () => {
  await using proxy = await startTcpProxy({ targetPort: Number(new URL(redis.url).port) });
  using connection = await connected(proxy);
  for (const key of keys("one-by-one")) expect(await connection.incr(key)).toBe(1);
});

test("after a connection that was lost with its answers each command is sent again", async () => {
  await using proxy = await startTcpProxy({ targetPort: Number(new URL(redis.url).port) });
  using connection = await connected(proxy);
  let lost = false;
  proxy.inspect((direction) => {
    if (direction === "up" || lost) return "pass";
    lost = true;
    return "reset";
  });
  const wanted = keys("again");
  await Promise.all(wanted.map((key) => connection.set(key, key)));
  expect(lost).toBe(true);
  expect(await connection.mget(wanted)).toEqual(wanted);
  await waitFor(() => connection.status === "ready", { what: "the connection to be up" });
});

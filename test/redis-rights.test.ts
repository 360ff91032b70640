import { startRedis, type TestRedis } from "@repl/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { documentedRules } from "./support/redis-topologies.ts";

const PREFIX = "{rights}";
let server: TestRedis;

beforeAll(async () => {
  server = await startRedis();
  for (const process of ["api", "worker"] as const)
    await server.command("ACL", "SETUSER", process, ...documentedRules(process, PREFIX), ">for-this-test");
});
afterAll(() => server.stop());

/** That the service works with them is a test of its own (test/redis-topologies.test.ts). */
describe.each(["api", "worker"])("the documented rights of the %s", (username) => {
  test.each([
    ["FLUSHALL"],
    ["FLUSHDB"],
    ["KEYS", "*"],
    ["SCAN", "0"],
    ["CONFIG", "GET", "*"],
    ["CONFIG", "SET", "maxmemory", "1"],
    ["ACL", "LIST"],
    ["SHUTDOWN", "NOSAVE"],
    ["REPLICAOF", "NO", "ONE"],
    ["MONITOR"],
    ["SCRIPT", "FLUSH"],
    ["GET", "another:key"],
    ["SET", "{another}:key", "x"],
    ["SUBSCRIBE", "{another}:changes"],
    ["PUBLISH", "{another}:changes", "x"],
    ["EVAL", "return redis.call('GET', '{another}:key')", "0"],
  ])("do not include %s %s", async (command, ...args) => {
    const redis = new Redis(server.url, { username, password: "for-this-test", lazyConnect: true });
    try {
      await redis.connect();
      await expect(redis.call(command, ...args)).rejects.toThrow(/^NOPERM|^ERR The user executing the script can't/);
    } finally {
      redis.disconnect();
    }
  });
});

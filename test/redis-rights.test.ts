import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { startRedis, type TestRedis } from "@repl/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PASSWORDS, shippedUsers } from "./support/redis-topologies.ts";

const PREFIX = "{rights}";
let server: TestRedis;

beforeAll(async () => {
  server = await startRedis({ users: shippedUsers(PREFIX) });
});
afterAll(() => server.stop());

/** That the service works with them is a test of its own (test/redis-topologies.test.ts). */
describe.each(["api", "worker"] as const)("the rights of the %s in k8s/redis/users.acl", (process) => {
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
    const user = { username: `repl-${process}`, password: PASSWORDS[process] };
    const redis = new Redis({ port: server.port, ...user, lazyConnect: true });
    try {
      await redis.connect();
      await expect(redis.call(command, ...args)).rejects.toThrow(/^NOPERM|^ERR The user executing the script can't/);
    } finally {
      redis.disconnect();
    }
  });
});

test("docs/operations.md: without an ACL file, redis-cli takes the same lines", async () => {
  await using plain = await startRedis();
  const { lines, password } = shippedUsers(PREFIX);
  const given = promisify(execFile)("redis-cli", ["-p", String(plain.port)]);
  given.child.stdin?.end(lines.replaceAll(/^user/gm, "ACL SETUSER"));
  expect((await given).stdout.trim().split("\n")).toEqual(["OK", "OK", "OK"]);
  const operator = new Redis(plain.url, { password });
  try {
    const words = (list: unknown) => (list as string[]).map((user) => user.split(" ").sort());
    expect(words(await operator.call("ACL", "LIST"))).toEqual(words(await server.command("ACL", "LIST")));
  } finally {
    operator.disconnect();
  }
});

test("whoever has no password is refused", async () => {
  const { stdout } = await promisify(execFile)("redis-cli", [
    "-p",
    String(server.port),
    "GET",
    `${PREFIX}:known-since`,
  ]);
  expect(stdout).toMatch(/^NOAUTH/);
});

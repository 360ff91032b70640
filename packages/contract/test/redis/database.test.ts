import { once } from "node:events";
import { startRedis, startSentinel, type TestRedis, waitFor } from "@repl/testkit";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectForRequests, connectForWork, createRedisCheck, inspectServers, redisPlace } from "../../src/index.ts";

let server: TestRedis;
const connections: Redis[] = [];

beforeEach(async () => {
  server = await startRedis();
});
afterEach(async () => {
  for (const redis of connections.splice(0)) redis.disconnect();
  await server.stop();
});

const placeOf = (database: number, host = server.url) =>
  redisPlace({ redisUrl: `${host}/${database}`, queuePrefix: "{database}" });

function adopt(redis: Redis): { readonly redis: Redis; readonly errors: string[] } {
  const errors: string[] = [];
  redis.on("error", ({ message }: Error) => errors.push(message));
  connections.push(redis);
  return { redis, errors };
}

/** Each connection that a process has; BullMQ makes itself others like the first, with a name. */
const KINDS = {
  "for requests": connectForRequests,
  "for work": connectForWork,
  "of BullMQ": (place: Parameters<typeof connectForWork>[0]) => {
    const { redis } = adopt(connectForWork(place));
    return redis.duplicate({ connectionName: "bull" });
  },
};

/** Keys of each database, as INFO names them. */
const keyspace = async () => String(await server.command("INFO", "keyspace")).match(/db\d+:keys=\d+/g) ?? [];

const refusalOf = (database: number) => (error: string) => error.startsWith(`REDIS_URL names database ${database},`);

describe.each(Object.entries(KINDS))("a connection %s", (_kind, connect) => {
  it("never works in another database where Redis refuses its own", async () => {
    const { redis, errors } = adopt(connect(placeOf(99)));
    redis.set("{database}:key", "x").catch(() => {});
    await waitFor(() => errors.length >= 3, { what: "the database to be refused, and asked for again" });
    redis.set("{database}:key", "x").catch(() => {});
    await waitFor(() => errors.length >= 4, { what: "it to be refused once more" });
    expect(redis.status).not.toBe("ready");
    for (const error of errors) expect(error).toMatch(/^REDIS_URL names database 99, .*DB index is out of range/);
    expect(await keyspace()).toEqual([]);
  });

  it("nor after it was lost, and goes on in its own once Redis gives it again", async () => {
    const { redis, errors } = adopt(connect(placeOf(3)));
    await waitFor(() => redis.status === "ready", { what: "the connection" });
    await redis.set("{database}:before", "x");
    await server.command("ACL", "SETUSER", "default", "-select");
    await server.command("CLIENT", "KILL", "TYPE", "normal");
    await waitFor(() => errors.filter(refusalOf(3)).length >= 2, {
      what: "the database to be refused, and asked for again",
    });
    redis.set("{database}:meanwhile", "x").catch(() => {});
    await waitFor(() => errors.length >= 4, { what: "it to be refused once more" });
    expect(await keyspace()).toEqual(["db3:keys=1"]);
    await server.command("ACL", "SETUSER", "default", "+select");
    await waitFor(() => redis.set("{database}:before", "y"), { what: "the connection to work again" });
    expect(String(await keyspace())).toMatch(/^db3:keys=[12]$/);
  });
});

it("nor does one to a primary that Sentinels name", { timeout: 60_000 }, async () => {
  await using sentinel = await startSentinel();
  const { redis, errors } = adopt(connectForWork(placeOf(99, sentinel.url)));
  redis.set("{database}:key", "x").catch(() => {});
  await waitFor(() => errors.filter(refusalOf(99)).length >= 2, {
    what: "the database to be refused, and asked for again",
  });
  expect(redis.status).not.toBe("ready");
  redis.disconnect();
  const primary = await sentinel.primary();
  expect(await primary.command("DBSIZE")).toBe(0);
});

it("readiness names the setting and the database", async () => {
  const place = placeOf(99);
  const { redis, errors } = adopt(connectForRequests(place));
  const check = createRedisCheck(redis, place);
  await waitFor(() => errors.length > 0, { what: "the refusal" });
  await expect(check()).rejects.toThrow("REDIS_URL names database 99, which cannot be selected: ERR DB index");
});

it("a replica that would refuse the database is a warning", async () => {
  await using replica = await startRedis({ args: ["--databases", "2"] });
  await replica.command("REPLICAOF", "127.0.0.1", server.port);
  await waitFor(async () => String(await server.command("INFO", "replication")).includes("state=online"), {
    what: "the replica to follow",
  });
  const place = placeOf(3);
  const { redis } = adopt(connectForRequests(place));
  await once(redis, "ready");
  const { refusals, warnings } = await inspectServers(redis, place);
  expect(refusals).toEqual([]);
  expect(warnings).toContainEqual(
    expect.stringMatching(`the replica .*:${replica.port}: .*REDIS_URL names database 3,`),
  );
});

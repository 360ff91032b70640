import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { useRedis } from "@repl/testkit/vitest";
import { expect, test } from "vitest";
import { MemoryRedis, type Reply } from "../src/redis/memory-redis.ts";
import { between, createRandom, pick, type Random } from "../src/time/random.ts";

const { redis } = await useRedis();

const STORE = new URL("../../contract/src/store/", import.meta.url);
const SCRIPTS = Object.fromEntries(
  ["accept", "announce", "backlog", "begin", "find", "keepalive", "renew", "report", "settle"].map((name) => [
    name,
    readFileSync(new URL(`${name}.lua`, STORE), "utf8"),
  ]),
);

const memory = () => new MemoryRedis({ nowMs: Date.now, publish: () => {} }, new Map());

/** Both must read the same clock, so the scripts are told the time; each call of one is a little later. */
const atTime = (lua: string, ms: number) => {
  const time = `{'${Math.floor(ms / 1_000)}', '${(ms % 1_000) * 1_000}'}`;
  return lua.replaceAll("redis.call('TIME')", time);
};

/** What is left of a lease is read from the server's own clock. */
const masked = (reply: unknown): unknown => JSON.parse(JSON.stringify(reply).replace(/("wait\\?",)\d+/, "$1 0"));

/** A set, and the fields of a hash, have no order that anybody may rely on. */
const sorted = (reply: unknown) => (Array.isArray(reply) ? reply.flat().map(plain).toSorted() : reply);

/** ioredis speaks RESP3, where a score is a number, and cjson writes an object's fields in the order of a hash table. */
function plain(value: unknown): unknown {
  if (typeof value !== "string" || !/^[[{]/.test(value)) return value === null ? value : String(value);
  const orderless = (_: string, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : part;
  return JSON.stringify(JSON.parse(value), orderless);
}

async function attempt(run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    return `error: ${(error as Error).message.split(" ")[0]}`;
  }
}

type Draw = (random: Random, key: () => string) => readonly [name: string, ...args: (string | number)[]];

const field = (random: Random) => pick(random, ["a", "b", "c"]);
const COMMANDS: readonly Draw[] = [
  (random, key) => ["SET", key(), between(random, 0, 9)],
  (random, key) => ["SET", key(), field(random), "PX", 60_000],
  (random, key) => ["SET", key(), field(random), "NX"],
  (_, key) => ["GET", key()],
  (_, key) => ["DEL", key()],
  (_, key) => ["PERSIST", key()],
  (_, key) => ["EXPIRE", key(), 60],
  (_, key) => ["PEXPIRE", key(), 60_000],
  (random, key) => ["HSET", key(), field(random), between(random, 0, 9), field(random), "x"],
  (random, key) => ["HGET", key(), field(random)],
  (random, key) => ["HMGET", key(), field(random), field(random)],
  (_, key) => ["HGETALL", key()],
  (random, key) => ["HINCRBY", key(), field(random), between(random, -3, 3)],
  (random, key) => ["ZADD", key(), between(random, 0, 5) / 2, field(random)],
  (random, key) => ["ZREM", key(), field(random)],
  (random, key) => ["ZSCORE", key(), field(random)],
  (_, key) => ["ZCARD", key()],
  (random, key) => ["ZCOUNT", key(), between(random, 0, 2), "+inf"],
  (_, key) => ["ZRANGE", key(), 0, -1],
  (_, key) => ["ZRANGE", key(), 0, 1, "WITHSCORES"],
  (random, key) => ["ZRANGE", key(), "-inf", between(random, 0, 3), "BYSCORE"],
  (random, key) => ["SADD", key(), field(random)],
  (random, key) => ["SREM", key(), field(random)],
  (_, key) => ["SCARD", key()],
  (_, key) => ["SMEMBERS", key()],
];

test("10,000 commands drawn by chance are answered as by Redis, wrong types too", async () => {
  const random = createRandom(20_261_122);
  const other = memory();
  const prefix = randomUUID();
  // Keys mostly of one type, and now and then of another.
  for (let round = 0; round < 10_000; round += 1) {
    const index = Math.floor(random() * COMMANDS.length);
    const type = index < 8 ? "s" : index < 13 ? "h" : index < 21 ? "z" : "m";
    const key = () => `${prefix}:${random() < 0.05 ? "s" : type}:${between(random, 1, 2)}`;
    const [name, ...args] = (COMMANDS[index] as Draw)(random, key);
    const real = await attempt(() => redis.call(name, ...args));
    const simulated = await attempt(() => other.execute(name, args));
    expect([name, ...args, sorted(simulated)]).toEqual([name, ...args, sorted(real)]);
  }
  await redis.del(...(await redis.keys(`${prefix}:*`)));
});

/** The next call of a script, as the product makes it, and how often. */
function scriptCall(random: Random, round: number): readonly [script: string, args: (string | number)[]] {
  const replId = pick(random, ["repl-a", "repl-b", "repl-c"]);
  const jobId = `job-${between(random, Math.max(0, round - 12), round)}`;
  // No attempt has the token of another job's: one would settle what never began.
  const token = pick(random, [`${jobId}/1`, `${jobId}/2`, ""]);
  switch (between(random, 0, 9)) {
    case 0:
      return ["keepalive", [replId, pick(random, ["", "user-1"])]];
    case 1:
      return pick(random, [
        ["backlog", ["{none}:queue"]],
        ["find", [jobId, "{none}:queue"]],
        ["announce", [pick(random, ["w1", "w2"]), between(random, 0, 5), 6_000_000_000]],
      ]);
    case 2:
    case 3:
      return ["begin", [jobId, token || `${jobId}/3`, 60_000, between(random, 1, 3), 2]];
    case 4:
      return pick(random, [
        ["report", [jobId, replId, token, 60_000, "{none}:queue", "phase", "applying", "progress", 10]],
        ["renew", [60_000, jobId, replId, token, `job-${round}`, "repl-a", `job-${round}/1`]],
      ]);
    case 5:
      return [
        "settle",
        [
          jobId,
          replId,
          token,
          pick(random, ["completed", "failed", "retrying", "queued"]),
          600,
          "",
          600,
          "{none}:queue",
          "message",
          "m",
        ],
      ];
    default:
      return ["accept", [JSON.stringify(order(random, round, replId)), JSON.stringify(limits(random)), "{none}:queue"]];
  }
}

function order(random: Random, round: number, replId: string) {
  return {
    kind: pick(random, ["start", "start", "stop"]),
    replId,
    userId: random() < 0.9 ? "user-1" : "user-2",
    jobId: `job-${random() < 0.9 ? round : between(random, Math.max(0, round - 3), round)}`,
    maxAttempts: 5,
    requestId: "r",
    reason: pick(random, ["requested", "requested", "idle", "repair"]),
    ...(random() < 0.2 ? { onlyIf: { generation: between(random, 1, 4) } } : {}),
    ...(random() < 0.3 ? { idempotencyKey: `k${between(random, 1, 3)}` } : {}),
    ...(random() < 0.3 ? { rateKey: "ip" } : {}),
  };
}

const limits = (random: Random) => ({
  openStarts: pick(random, [0, 0, 2]),
  userRunning: pick(random, [0, 0, 1]),
  userStarting: pick(random, [0, 0, 1]),
  rate: { requests: pick(random, [0, 60]), windowMs: 60_000 },
  retentionSeconds: 600,
  idempotencySeconds: 600,
  lastTurn: 2_000_000,
});

async function contents(read: (name: string, ...args: string[]) => Promise<unknown>, keys: readonly string[]) {
  const found: Record<string, unknown> = {};
  for (const key of keys.toSorted()) {
    for (const name of ["GET", "HGETALL", "SMEMBERS"]) {
      const reply = await attempt(() => read(name, key));
      if (typeof reply !== "string" || !reply.startsWith("error")) found[`${name} ${key}`] = sorted(reply);
    }
    const scores = await attempt(() => read("ZRANGE", key, "0", "-1"));
    if (Array.isArray(scores)) found[`ZRANGE ${key}`] = scores.toSorted();
  }
  return masked(found);
}

test.each([1, 2, 3, 4, 5])("every script answers and writes as in Redis, through 400 calls (%i)", async (seed) => {
  const random = createRandom(seed);
  const other = memory();
  const prefix = `{${randomUUID()}}`;
  let nowMs = 1_800_000_000_000;
  for (let round = 0; round < 400; round += 1) {
    const [script, args] = scriptCall(random, round);
    nowMs += between(random, 1, 400);
    const lua = atTime(SCRIPTS[script] as string, nowMs);
    const real = await redis.eval(lua, 1, prefix, ...args);
    const simulated: Reply = other.evaluate(lua, [prefix], args);
    const readable = (reply: unknown) =>
      masked(typeof reply === "string" && reply.startsWith("{") ? JSON.parse(reply) : unordered(reply));
    expect([script, args, readable(simulated)]).toEqual([script, args, readable(real)]);
  }
  const keys = await redis.keys(`${prefix}*`);
  expect(other.keys()).toEqual(keys.toSorted());
  expect(await contents(async (name, ...args) => other.execute(name, args), keys)).toEqual(
    await contents((name, ...args) => redis.call(name, ...args), keys),
  );
  await redis.del(...keys);
});

/** `begin` answers a hash's fields within a list; their order is Redis' own. */
function unordered(reply: unknown): unknown {
  return Array.isArray(reply) ? reply.map((part) => (Array.isArray(part) ? sorted(part) : part)) : reply;
}

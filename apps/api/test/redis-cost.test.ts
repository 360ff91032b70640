import { type RedisCost, redisCost, redisCostBetween, startRedis, type TestRedis } from "@repl/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiProcess, startApiProcess } from "./api-process.ts";
import { bearer, EVERY_CHECK, tokenOf } from "./tokens.ts";

/** What a request costs Redis does not depend on the machine, so any change of it is somebody's decision: change the number with it. */
const REQUESTS = 20;
const COMMANDS_OF_A_START = 26;
const COMMANDS_OF_A_JOINED_START = 12;
const COMMANDS_OF_A_STATUS = 8;

let redis: TestRedis;
let api: ApiProcess;

beforeAll(async () => {
  redis = await startRedis();
  api = await startApiProcess({ REDIS_URL: redis.url, ...EVERY_CHECK });
  await start("first"); // Scripts are sent as text once for each connection.
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await redis.stop();
});

async function start(replId: string): Promise<string> {
  const answer = await fetch(`${api.base}/start`, {
    method: "POST",
    headers: { "content-type": "application/json", ...bearer(await tokenOf("alice")) },
    body: JSON.stringify({ replId }),
  });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { jobId: string }).jobId;
}

async function status(jobId: string): Promise<void> {
  const headers = bearer(await tokenOf("alice"));
  expect((await fetch(`${api.base}/jobs/${jobId}`, { headers })).status).toBe(200);
}

/** What Redis does for so many requests, one after the other. */
async function costOf(request: (n: number) => Promise<unknown>): Promise<RedisCost> {
  const before = await redisCost(redis);
  for (let n = 0; n < REQUESTS; n += 1) await request(n);
  return redisCostBetween(before, await redisCost(redis));
}

/** Commands within the scripts. */
function commandsIn({ calls, scripts }: RedisCost): number {
  const outside = new Set(["evalsha", "eval", "info", "ping", "hello"]);
  const all = [...calls].filter(([name]) => !outside.has(name)).reduce((sum, [, count]) => sum + count, 0);
  expect(scripts).toBeGreaterThan(0);
  return all / REQUESTS;
}

test("a start takes two round trips, however many are in the queue", async () => {
  const cost = await costOf((n) => start(`repl-${n}`));
  expect(cost.scripts).toBe(2 * REQUESTS);
  expect(commandsIn(cost)).toBe(COMMANDS_OF_A_START);
});

test("so does one that joins a start under way, of which the second makes sure that the job is queued", async () => {
  const cost = await costOf(() => start("first"));
  expect(cost.scripts).toBe(2 * REQUESTS);
  expect(commandsIn(cost)).toBe(COMMANDS_OF_A_JOINED_START);
});

test("a status takes one", async () => {
  const jobId = await start("first");
  const cost = await costOf(() => status(jobId));
  expect(cost.scripts).toBe(REQUESTS);
  expect(commandsIn(cost)).toBe(COMMANDS_OF_A_STATUS);
});

test("a process holds three connections", async () => {
  const clients = String(await redis.command("CLIENT", "LIST"))
    .trim()
    .split("\n");
  expect(clients.filter((line) => !line.includes("cmd=client"))).toHaveLength(3);
});

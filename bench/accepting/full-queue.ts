import process from "node:process";
import { DEFAULT_PREFIX } from "@repl/contract";
import { type RedisCost, redisCost, redisCostBetween, startRedis, type TestRedis } from "@repl/testkit";
import { pin } from "../frame/cpu.ts";
import { type BenchContext, type Benchmark, type Figure, ofRounds } from "../frame/figure.ts";
import { alternate, perRound } from "../frame/rounds.ts";
import { fillQueue } from "./fill-queue.ts";
import { acceptedJob, startOrders } from "./orders.ts";
import { CONNECTIONS, type MeasuredServer, startApi, underLoad, warmUp } from "./servers.ts";

/** `POST /start` with a long queue against the same with an empty one. */
export const fullQueue: Benchmark = {
  name: "full-queue",
  about: "POST /start with 1,000,000 jobs in the queue (--quick: 100,000), against the same with an empty queue",
  run,
};

/** What one start costs. */
interface Start {
  readonly rate: number;
  readonly redisUs: number;
  readonly commands: number;
  readonly roundTrips: number;
}

async function run({ quick, say }: BenchContext): Promise<readonly Figure[]> {
  pin(process.pid, "rest");
  const [rounds, seconds, jobs] = quick ? [3, 2, 100_000] : [7, 4, 1_000_000];
  await using empty = await startRedis();
  await using full = await startRedis();
  for (const server of [empty, full]) pin(server.pid, "rest");
  await using apiOfEmpty = await startApi(empty);
  await using apiOfFull = await startApi(full);
  say(`filling a queue with ${jobs} jobs`);
  const first = { userId: "first-user", replId: "first-repl" };
  await fillQueue(full, { ...first, jobId: await acceptedJob(apiOfFull.url, first.userId, first.replId) }, jobs);
  const next = await startOrders();
  const options = { method: "POST", connections: CONNECTIONS, next } as const;
  say("warming up");
  for (const server of [apiOfEmpty, apiOfFull]) await warmUp(server, options);
  say(`${rounds} rounds of ${seconds} s for each`);
  const arm = (api: MeasuredServer, redis: TestRedis) => () =>
    costOfStart(redis, async () => underLoad(api, { ...options, seconds }));
  const starts = await alternate({ empty: arm(apiOfEmpty, empty), full: arm(apiOfFull, full) }, rounds);
  const waiting = Number(await full.command("ZCARD", `${DEFAULT_PREFIX}:repls:prioritized`));
  const against = (of: (start: Start) => number) => perRound(starts, (round) => of(round.full) / of(round.empty));
  const [rate, redisUs, commands] = [
    ({ rate: it }: Start) => it,
    (it: Start) => it.redisUs,
    (it: Start) => it.commands,
  ];
  return [
    { name: "jobs that waited at the end", value: waiting, unit: "count", limit: { op: ">=", value: jobs } },
    ofRounds(
      "Redis round trips for one start, full queue",
      "count",
      starts.full.map((start) => start.roundTrips),
      {
        op: "<=",
        value: 2,
      },
    ),
    ofRounds("Redis commands for one start, full against empty", "x", against(commands), { op: "<=", value: 1 }),
    ofRounds("Redis' time in scripts for one start, full against empty", "x", against(redisUs), {
      op: "<=",
      value: 1.1,
    }),
    ofRounds("POST /start: rate, full against empty", "x", against(rate), { op: ">=", value: 0.9 }),
  ];
}

async function costOfStart(redis: TestRedis, work: () => Promise<{ rate: number; count: number }>): Promise<Start> {
  const before = await redisCost(redis);
  const { rate, count } = await work();
  const cost = redisCostBetween(before, await redisCost(redis));
  const perStart = (total: number) => total / count;
  const commands = perStart(commandsOf(cost));
  return { rate, commands, redisUs: perStart(cost.scriptUs), roundTrips: perStart(cost.scripts) };
}

/** Without those of the process itself, such as its health checks. */
function commandsOf({ calls }: RedisCost): number {
  const aside = new Set(["info", "ping", "hello", "config|resetstat"]);
  return [...calls].filter(([name]) => !aside.has(name)).reduce((sum, [, count]) => sum + count, 0);
}

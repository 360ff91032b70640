import process from "node:process";
import { type RedisCost, redisCost, redisCostBetween, startRedis } from "@repl/testkit";
import { cpuMs, pin } from "../frame/cpu.ts";
import type { BenchContext, Benchmark, Figure } from "../frame/figure.ts";
import { alternate, perRound } from "../frame/rounds.ts";
import { median } from "../frame/statistics.ts";
import { startOrders } from "./orders.ts";
import {
  bareQueue,
  CONNECTIONS,
  type Measured,
  startApi,
  startBareRoute,
  startPeerRoute,
  underLoad,
  warmUp,
} from "./servers.ts";

/** `POST /start` under load against its parts, measured alone. */
export const acceptingStarts: Benchmark = {
  name: "accepting",
  about: "POST /start with every check on, against a bare queue and a bare route combined",
  run,
};

/**
 * `loop` is the bare queue with one caller, which waits for each addition before the next. `both` is the bare route with
 * the bare queue behind it, in one process: what the two parts together really reach.
 */
type Rounds = Record<"queue" | "loop" | "route" | "both" | "api", Measured[]>;

async function run({ quick, nodeArgs, say }: BenchContext): Promise<readonly Figure[]> {
  pin(process.pid, "rest");
  const [rounds, seconds] = quick ? [2, 2] : [7, 4];
  const options = { method: "POST", connections: CONNECTIONS, next: await startOrders() } as const;
  await using redis = await startRedis();
  await using bareRedis = await startRedis();
  for (const server of [redis, bareRedis]) pin(server.pid, "rest");
  await using api = await startApi(redis, { nodeArgs });
  await using route = await startBareRoute();
  await using both = await startPeerRoute("bullmq-redis", bareRedis.url);

  say("warming up");
  for (const server of [api, route, both]) await warmUp(server, options);
  say(`${rounds} rounds of ${seconds} s for each of queue, loop, route, both and api`);
  const before = { cost: await redisCost(redis), cpu: cpuMs(redis.pid) };
  let starts = 0;
  const measured = await alternate<keyof Rounds, Measured>(
    {
      queue: () => bareQueue(bareRedis, CONNECTIONS, seconds),
      loop: () => bareQueue(bareRedis, 1, seconds),
      route: () => underLoad(route, { ...options, seconds }),
      both: () => underLoad(both, { ...options, seconds }),
      api: async () => {
        const result = await underLoad(api, { ...options, seconds });
        starts += result.count;
        return result;
      },
    },
    rounds,
  );
  const cost = redisCostBetween(before.cost, await redisCost(redis));
  const redisCpuUs = ((cpuMs(redis.pid) - before.cpu) * 1_000) / starts;
  return [...partsOf(measured), ...ratiosOf(measured), ...redisFigures(cost, redisCpuUs, starts)];
}

function partsOf(measured: Rounds): Figure[] {
  const names = {
    queue: "bare queue",
    loop: "bare queue, one caller",
    route: "bare route",
    both: "both in one process",
    api: "POST /start",
  } as const;
  return (["queue", "loop", "route", "both", "api"] as const).flatMap((part) => {
    const rates = measured[part].map(({ rate }) => rate);
    const times = measured[part].map(({ cpuUs }) => cpuUs);
    return [
      { name: `${names[part]}: rate`, value: median(rates), unit: "1/s", rounds: rates },
      { name: `${names[part]}: processor time for one`, value: median(times), unit: "us", rounds: times },
    ];
  });
}

/** By rate as the issue has it, and by processor time, which other work on the machine disturbs less. */
function ratiosOf(measured: Rounds): Figure[] {
  const limit = { op: ">=", value: 0.85 } as const;
  const byRate = perRound(measured, ({ queue, route, api }) => api.rate / (1 / (1 / queue.rate + 1 / route.rate)));
  const byLoop = perRound(measured, ({ loop, route, api }) => api.rate / (1 / (1 / loop.rate + 1 / route.rate)));
  const byTime = perRound(measured, ({ queue, route, api }) => (queue.cpuUs + route.cpuUs) / api.cpuUs);
  const name = "POST /start against queue and route combined";
  const really = perRound(measured, ({ both, api }) => api.rate / both.rate);
  const reallyByTime = perRound(measured, ({ both, api }) => both.cpuUs / api.cpuUs);
  const bothName = "POST /start against both in one process";
  return [
    { name: `${name}, by rate`, value: median(byRate), unit: "x", limit, rounds: byRate },
    { name: `${name}, one caller of the queue, by rate`, value: median(byLoop), unit: "x", limit, rounds: byLoop },
    { name: `${name}, by processor time`, value: median(byTime), unit: "x", limit, rounds: byTime },
    { name: `${bothName}, by rate`, value: median(really), unit: "x", rounds: really },
    { name: `${bothName}, by processor time`, value: median(reallyByTime), unit: "x", rounds: reallyByTime },
  ];
}

function redisFigures(cost: RedisCost, cpuUs: number, starts: number): Figure[] {
  const commands = [...cost.calls.values()].reduce((sum, count) => sum + count, 0);
  return [
    {
      name: "Redis round trips for one start",
      value: cost.scripts / starts,
      unit: "count",
      limit: { op: "<=", value: 2 },
    },
    { name: "Redis commands for one start, those in scripts included", value: commands / starts, unit: "count" },
    { name: "Redis: processor time for one start", value: cpuUs, unit: "us" },
  ];
}

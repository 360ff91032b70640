import process from "node:process";
import { startRedis, type TestRedis } from "@repl/testkit";
import { pin } from "../frame/cpu.ts";
import { type BenchContext, type Benchmark, type Figure, type Limit, ofRounds } from "../frame/figure.ts";
import { type LoadResult, latencyMs, load } from "../frame/load.ts";
import { startOrders } from "./orders.ts";
import { CONNECTIONS, type MeasuredServer, startApi, startBareRoute, startPeerRoute, warmUp } from "./servers.ts";

/**
 * Latency at 80 % of what the api reaches. The bare route, and it with a bare queue, show at the same rate what the machine's
 * own pauses cost. Each round begins with an empty Redis, as a repetition of the one before.
 *
 * The rounds of one server follow each other: an api that idled beside the others for a quarter of a minute reached between
 * 3,750 and 7,960 a second when its turn came, which says little of one under load. A benchmark of its own, since the
 * gigabytes that the full load of `accepting` leaves behind are pauses until long after.
 */
export const acceptingCalmly: Benchmark = {
  name: "calm-load",
  about: "POST /start with every check on at 80 % of its load, beside a bare route and a bare queue",
  run,
};

async function run({ quick, say }: BenchContext): Promise<Figure[]> {
  pin(process.pid, "rest");
  const [rounds, seconds] = quick ? [2, 2] : [15, 4]; // More rounds than elsewhere: they differ more.
  const options = { method: "POST", connections: CONNECTIONS, next: await startOrders(), seconds } as const;
  await using redis = await startRedis();
  await using bareRedis = await startRedis();
  for (const server of [redis, bareRedis]) pin(server.pid, "rest");
  await using api = await startApi(redis);
  await using both = await startPeerRoute("bullmq-redis", bareRedis.url);
  await using route = await startBareRoute();
  const reached = async (server: MeasuredServer) => {
    for (let time = 0; time < 3; time += 1) await warmUp(server, options);
    return (await load({ url: server.url, ...options })).rate;
  };
  const calm = async (server: MeasuredServer, rate: number, behind?: TestRedis) => {
    const results: LoadResult[] = [];
    // The first one, after another load, is not counted.
    while (results.length <= rounds) {
      await behind?.command("FLUSHALL");
      results.push(await load({ url: server.url, ...options, rate }));
    }
    return results.slice(1);
  };

  const full = await reached(api);
  say(
    `${rounds} rounds of ${seconds} s at ${(0.8 * full).toFixed(0)} and ${(0.6 * full).toFixed(0)} a second, and of the bare ones`,
  );
  const at80 = await calm(api, 0.8 * full, redis);
  const at60 = await calm(api, 0.6 * full, redis);
  await reached(both);
  const bothAlike = await calm(both, 0.8 * full, bareRedis);
  await reached(route);
  const routeAlike = await calm(route, 0.8 * full);
  return [
    ofRounds(
      "POST /start at 80 % load: rate",
      "1/s",
      at80.map((one) => one.rate),
    ),
    latency("POST /start at 80 % load, p50", at80, 50),
    latency("POST /start at 80 % load, p99", at80, 99, { op: "<=", value: 10 }),
    together("POST /start at 80 % load, p99 of all rounds together", at80),
    latency("POST /start at 60 % load, p99", at60, 99),
    together("POST /start at 60 % load, p99 of all rounds together", at60),
    latency("both in one process at the same rate, p99", bothAlike, 99),
    latency("bare route at the same rate, p99", routeAlike, 99),
  ];
}

function latency(name: string, loads: readonly LoadResult[], percent: number, limit?: Limit): Figure {
  const rounds = loads.map((one) => latencyMs([one], percent));
  return ofRounds(name, "ms", rounds, limit);
}

/** Of all requests, so that a round in which the machine paused counts by its requests. */
function together(name: string, loads: readonly LoadResult[]): Figure {
  return { name, value: latencyMs(loads, 99), unit: "ms" };
}

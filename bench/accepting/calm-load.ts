import process from "node:process";
import { startRedis, type TestRedis } from "@repl/testkit";
import { pin } from "../frame/cpu.ts";
import type { BenchContext, Benchmark, Figure } from "../frame/figure.ts";
import { type LoadResult, load } from "../frame/load.ts";
import { median } from "../frame/statistics.ts";
import { startOrders } from "./orders.ts";
import { CONNECTIONS, type MeasuredServer, startApi, startBareRoute, startPeerRoute, warmUp } from "./servers.ts";

/**
 * Latency at 80 % of what each server reaches. The bare route, and it with a bare queue, show what the machine's own
 * pauses cost at such a load. Each round begins with an empty Redis, as a repetition of the one before.
 *
 * A benchmark of its own, since the gigabytes that the full load of `accepting` leaves behind are pauses until long after.
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
    const { rate } = await load({ url: server.url, ...options });
    return rate;
  };

  const calm = async ({ url }: MeasuredServer, rate: number, behind?: TestRedis) => {
    const round = async () => {
      await behind?.command("FLUSHALL");
      return load({ url, ...options, rate });
    };
    say(`${rounds} rounds of ${seconds} s at ${rate.toFixed(0)} a second`);
    await round(); // The first one after another load is not counted.
    const results: LoadResult[] = [];
    while (results.length < rounds) results.push(await round());
    return results;
  };
  const full = await reached(api);
  const at80 = await calm(api, 0.8 * full, redis);
  const at60 = await calm(api, 0.6 * full, redis);
  const routeAt80 = await calm(route, 0.8 * (await reached(route)));
  const bothAt80 = await calm(both, 0.8 * (await reached(both)), bareRedis);
  return [
    figure("POST /start at 80 % load, p50", at80, "p50"),
    { ...figure("POST /start at 80 % load, p99", at80, "p99"), limit: { op: "<=", value: 10 } },
    figure("POST /start at 60 % load, p99", at60, "p99"),
    figure("both in one process at 80 % of their load, p99", bothAt80, "p99"),
    figure("bare route at 80 % of its load, p99", routeAt80, "p99"),
  ];
}

function figure(name: string, results: readonly LoadResult[], share: "p50" | "p99"): Figure {
  const rounds = results.map((round) => round[share]);
  return { name, value: median(rounds), unit: "ms", rounds };
}

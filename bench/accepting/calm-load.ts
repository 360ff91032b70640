import { startRedis, type TestRedis } from "@repl/testkit";
import { Redis } from "ioredis";
import { pin } from "../frame/cpu.ts";
import type { BenchContext, Figure } from "../frame/figure.ts";
import { type Load, type LoadResult, load } from "../frame/load.ts";
import { median } from "../frame/statistics.ts";
import { type MeasuredServer, startApi, startBareRoute, startPeerRoute, warmUp } from "./servers.ts";

/** What is sent, in how many rounds of how many seconds. */
export interface Orders extends Pick<Load, "method" | "connections" | "next" | "seconds"> {
  readonly rounds: number;
}

/** Starts a second that each server reached under full load. */
type Reached = Readonly<Record<"api" | "both" | "route", number>>;

/**
 * Latency at 80 % of what each server reached. The bare route, and it with a bare queue, show what the machine's own
 * pauses cost at such a load. Each round begins with an empty Redis, as a repetition of the one before: with the jobs of all
 * rounds in it, the later ones would measure how Redis enlarges its tables.
 */
export async function calmLoad(
  reached: Reached,
  { rounds, ...options }: Orders,
  { say }: BenchContext,
): Promise<Figure[]> {
  await using redis = await startRedis();
  await using bareRedis = await startRedis();
  for (const server of [redis, bareRedis]) pin(server.pid, "rest");
  await using api = await startApi(redis);
  await using both = await startPeerRoute("bullmq-redis", bareRedis.url);
  await using route = await startBareRoute();
  for (const server of [api, both, route]) for (let time = 0; time < 3; time += 1) await warmUp(server, options);

  const calm = async ({ url }: MeasuredServer, rate: number, behind?: TestRedis) => {
    const round = async () => {
      if (behind !== undefined) await empty(behind.url);
      return load({ url, ...options, rate });
    };
    say(`${rounds} rounds of ${options.seconds} s at ${rate.toFixed(0)} a second`);
    await round(); // The first one after another load is not counted.
    const results: LoadResult[] = [];
    while (results.length < rounds) results.push(await round());
    return results;
  };
  const at80 = await calm(api, 0.8 * reached.api, redis);
  const at60 = await calm(api, 0.6 * reached.api, redis);
  const bothAt80 = await calm(both, 0.8 * reached.both, bareRedis);
  const routeAt80 = await calm(route, 0.8 * reached.route);
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

async function empty(url: string): Promise<void> {
  const redis = new Redis(url);
  try {
    await redis.flushall();
  } finally {
    redis.disconnect();
  }
}

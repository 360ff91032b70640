import process from "node:process";
import { startRedis, type TestRedis } from "@repl/testkit";
import { pin } from "../frame/cpu.ts";
import { type BenchContext, type Benchmark, type Figure, type Limit, ofRounds } from "../frame/figure.ts";
import { type LoadResult, latencyMs, load } from "../frame/load.ts";
import { alternate } from "../frame/rounds.ts";
import { startOrders } from "./orders.ts";
import { CONNECTIONS, type MeasuredServer, startApi, startBareRoute, startPeerRoute, warmUp } from "./servers.ts";

/** Before each round, since the server has idled beside the others. */
const WARM_UP_SECONDS = 1;

/**
 * Latency at 80 % of what each server reaches. The bare route, and it with a bare queue, show what the machine's own
 * pauses cost, at the api's rate and at 80 % of their own. Each round begins with an empty Redis, as a repetition of the
 * one before.
 *
 * A benchmark of its own, since the gigabytes that the full load of `accepting` leaves behind are pauses until long after.
 */
export const acceptingCalmly: Benchmark = {
  name: "calm-load",
  about: "POST /start with every check on at 80 % of its load, beside a bare route and a bare queue",
  run,
};

type Arm = "api80" | "api60" | "bothAsApi" | "routeAsApi" | "both80" | "route80";

async function run({ quick, say }: BenchContext): Promise<Figure[]> {
  pin(process.pid, "rest");
  const [rounds, seconds] = quick ? [2, 2] : [10, 4]; // More rounds than elsewhere: they differ more.
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
  const calm =
    ({ url }: MeasuredServer, rate: number, behind?: TestRedis) =>
    async () => {
      await behind?.command("FLUSHALL");
      await load({ url, ...options, rate, seconds: WARM_UP_SECONDS });
      return load({ url, ...options, rate });
    };

  say("how much each reaches");
  const full = { api: await reached(api), both: await reached(both), route: await reached(route) };
  say(`${rounds} rounds of ${seconds} s for each of six loads`);
  const loads = await alternate<Arm, LoadResult>(
    {
      api80: calm(api, 0.8 * full.api, redis),
      api60: calm(api, 0.6 * full.api, redis),
      bothAsApi: calm(both, 0.8 * full.api, bareRedis),
      routeAsApi: calm(route, 0.8 * full.api),
      both80: calm(both, 0.8 * full.both, bareRedis),
      route80: calm(route, 0.8 * full.route),
    },
    rounds,
  );
  return [
    rate("POST /start at 80 % load: rate", loads.api80),
    latency("POST /start at 80 % load, p50", loads.api80, 50),
    latency("POST /start at 80 % load, p99", loads.api80, 99, { op: "<=", value: 10 }),
    latency("both in one process at the same rate, p99", loads.bothAsApi, 99),
    latency("bare route at the same rate, p99", loads.routeAsApi, 99),
    rate("POST /start at 60 % load: rate", loads.api60),
    latency("POST /start at 60 % load, p99", loads.api60, 99),
    rate("both in one process at 80 % of their load: rate", loads.both80),
    latency("both in one process at 80 % of their load, p99", loads.both80, 99),
    rate("bare route at 80 % of its load: rate", loads.route80),
    latency("bare route at 80 % of its load, p99", loads.route80, 99),
  ];
}

function rate(name: string, loads: readonly LoadResult[]): Figure {
  return ofRounds(
    name,
    "1/s",
    loads.map((one) => one.rate),
  );
}

/** Over all requests of all rounds; each round's own beside it. */
function latency(name: string, loads: readonly LoadResult[], percent: number, limit?: Limit): Figure {
  const rounds = loads.map((one) => latencyMs([one], percent));
  return { ...ofRounds(name, "ms", rounds, limit), value: latencyMs(loads, percent) };
}

import process from "node:process";
import { type RedisCost, redisCost, redisCostBetween, startRedis } from "@repl/testkit";
import { cpuMs, pin } from "../frame/cpu.ts";
import { type BenchContext, type Benchmark, type Figure, ofRounds } from "../frame/figure.ts";
import { alternate, perRound } from "../frame/rounds.ts";
import { combinedRate, figuresOfPart, type Measured } from "./measured.ts";
import { startOrders } from "./orders.ts";
import { bareQueue, CONNECTIONS, startApi, startBareRoute, startPeerRoute, underLoad, warmUp } from "./servers.ts";

/** `POST /start` under load against its parts, measured alone. */
export const acceptingStarts: Benchmark = {
  name: "accepting",
  about: "POST /start with every check on, against a bare queue and a bare route combined",
  run,
};

/** With 50 callers the api waits for Redis part of its time; with so many it has always something to do. */
const MANY_CALLERS = 200;
/** Of queue and route combined. */
const LIMIT = { op: ">=", value: 0.85 } as const;

/** `both` is the bare route with the bare queue behind it, in one process: what the two parts together really reach. */
type Part = "queue" | "route" | "both" | "api";
type Parts = Record<Part, Measured[]>;

/** `loop` is the bare queue with one caller, which waits for each addition before the next; `many` are many callers. */
type Rounds = Record<Part | "loop" | `many-${Part}`, Measured[]>;

async function run({ quick, nodeArgs, say }: BenchContext): Promise<readonly Figure[]> {
  pin(process.pid, "rest");
  const [rounds, seconds] = quick ? [2, 2] : [7, 3];
  const options = { method: "POST", connections: CONNECTIONS, next: await startOrders() } as const;
  const many = { ...options, connections: MANY_CALLERS };
  await using redis = await startRedis();
  await using bareRedis = await startRedis();
  for (const server of [redis, bareRedis]) pin(server.pid, "rest");
  await using api = await startApi(redis, { nodeArgs });
  await using route = await startBareRoute();
  await using both = await startPeerRoute("bullmq-redis", bareRedis.url);

  say("warming up");
  for (const server of [api, route, both]) await warmUp(server, options);
  say(`${rounds} rounds of ${seconds} s for each of queue, route, both and api with few and many callers, and a loop`);
  const before = { cost: await redisCost(redis), cpu: cpuMs(redis.pid) };
  let starts = 0;
  const counted = async (callers: typeof many | typeof options) => {
    const result = await underLoad(api, { ...callers, seconds });
    starts += result.count;
    return result;
  };
  const measured = await alternate<keyof Rounds, Measured>(
    {
      queue: () => bareQueue(bareRedis, CONNECTIONS, seconds),
      loop: () => bareQueue(bareRedis, 1, seconds),
      route: () => underLoad(route, { ...options, seconds }),
      both: () => underLoad(both, { ...options, seconds }),
      api: () => counted(options),
      "many-queue": () => bareQueue(bareRedis, MANY_CALLERS, seconds),
      "many-route": () => underLoad(route, { ...many, seconds }),
      "many-both": () => underLoad(both, { ...many, seconds }),
      "many-api": () => counted(many),
    },
    rounds,
  );
  const cost = redisCostBetween(before.cost, await redisCost(redis));
  const redisCpuUs = ((cpuMs(redis.pid) - before.cpu) * 1_000) / starts;
  return [...figuresOf(measured), ...redisFigures(cost, redisCpuUs, starts)];
}

function figuresOf(measured: Rounds): Figure[] {
  const few: Parts = measured;
  const many: Parts = {
    queue: measured["many-queue"],
    route: measured["many-route"],
    both: measured["many-both"],
    api: measured["many-api"],
  };
  const callers = `, ${MANY_CALLERS} callers`;
  const byLoop = perRound(measured, ({ loop, route, api }) => api.rate / combinedRate(loop, route));
  const name = "POST /start against queue and route combined";
  return [
    ...partsOf({ ...few, loop: measured.loop }, ""),
    ...partsOf(many, callers).filter(({ unit }) => unit === "1/s"),
    busy("POST /start: busy share of its processor", few.api),
    busy(`POST /start${callers}: busy share of its processor`, many.api),
    ...ratiosByRate(few, ""),
    ofRounds(`${name}, one caller of the queue, by rate`, "x", byLoop, LIMIT),
    ...ratiosByRate(many, callers),
    ...ratiosByTime(few),
  ];
}

const NAMES = {
  queue: "bare queue",
  loop: "bare queue, one caller",
  route: "bare route",
  both: "both in one process",
  api: "POST /start",
} as const;

const NAMED = Object.keys(NAMES) as (keyof typeof NAMES)[];

function partsOf(measured: Partial<Record<keyof typeof NAMES, readonly Measured[]>>, callers: string): Figure[] {
  return NAMED.flatMap((part) => {
    const rounds = measured[part];
    return rounds === undefined ? [] : figuresOfPart(`${NAMES[part]}${callers}`, rounds);
  });
}

function busy(name: string, measured: readonly Measured[]): Figure {
  return ofRounds(
    name,
    "%",
    measured.map(({ rate, cpuUs }) => (rate * cpuUs) / 10_000),
  );
}

function ratiosByRate(parts: Parts, callers: string): Figure[] {
  const ofApi = perRound(parts, ({ queue, route, api }) => api.rate / combinedRate(queue, route));
  const ofBoth = perRound(parts, ({ queue, route, both }) => both.rate / combinedRate(queue, route));
  const among = perRound(parts, ({ both, api }) => api.rate / both.rate);
  return [
    ofRounds(`POST /start against queue and route combined${callers}, by rate`, "x", ofApi, LIMIT),
    ofRounds(`both in one process against queue and route combined${callers}, by rate`, "x", ofBoth),
    ofRounds(`POST /start against both in one process${callers}, by rate`, "x", among),
  ];
}

/** Which other work on the machine disturbs less. */
function ratiosByTime(parts: Parts): Figure[] {
  const ofApi = perRound(parts, ({ queue, route, api }) => (queue.cpuUs + route.cpuUs) / api.cpuUs);
  const ofBoth = perRound(parts, ({ queue, route, both }) => (queue.cpuUs + route.cpuUs) / both.cpuUs);
  const among = perRound(parts, ({ both, api }) => both.cpuUs / api.cpuUs);
  return [
    ofRounds("POST /start against queue and route combined, by processor time", "x", ofApi, LIMIT),
    ofRounds("both in one process against queue and route combined, by processor time", "x", ofBoth),
    ofRounds("POST /start against both in one process, by processor time", "x", among),
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

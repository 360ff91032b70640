import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DEFAULT_PREFIX, type JobStatus, keysOf } from "@repl/contract";
import { redisCost, redisCostBetween, startRedis } from "@repl/testkit";
import { pin } from "../frame/cpu.ts";
import { type BenchContext, type Benchmark, type Figure, ofRounds } from "../frame/figure.ts";
import { alternate, perRound } from "../frame/rounds.ts";
import { combinedRate, figuresOfPart, type Measured } from "./measured.ts";
import { acceptedJob, tokenOf } from "./orders.ts";
import { bareHash, CONNECTIONS, startApi, startBareRoute, underLoad, warmUp } from "./servers.ts";

/** `GET /jobs/:jobId` of a job that waits, against a bare HGETALL and a bare route that answers the same. */
export const jobStatus: Benchmark = {
  name: "job-status",
  about: "GET /jobs/:jobId with every check on, against a bare HGETALL and a bare route combined",
  run,
};

type Rounds = Record<"hash" | "loop" | "route" | "api", Measured[]>;

async function run({ quick, nodeArgs, say }: BenchContext): Promise<readonly Figure[]> {
  pin(process.pid, "rest");
  const [rounds, seconds] = quick ? [2, 2] : [7, 4];
  await using redis = await startRedis();
  pin(redis.pid, "rest");
  await using api = await startApi(redis, { nodeArgs });
  const headers = { authorization: `Bearer ${await tokenOf("user-1")}` };
  const path = `/jobs/${await acceptedJob(api.url, "user-1", "measured")}`;
  const status = (await (await fetch(api.url + path, { headers })).json()) as JobStatus;
  await using folder = await temporaryFolder();
  const statusPath = join(folder.path, "status.json");
  await writeFile(statusPath, JSON.stringify(status));
  await using route = await startBareRoute(statusPath);
  const options = { method: "GET", connections: CONNECTIONS, next: () => ({ path, headers }) } as const;
  const key = keysOf(DEFAULT_PREFIX).job(status.jobId);

  say("warming up");
  for (const server of [api, route]) await warmUp(server, options);
  say(`${rounds} rounds of ${seconds} s for each of HGETALL, loop, route and api`);
  const before = await redisCost(redis);
  let requests = 0;
  const measured = await alternate<keyof Rounds, Measured>(
    {
      hash: () => bareHash(redis, key, CONNECTIONS, seconds),
      loop: () => bareHash(redis, key, 1, seconds),
      route: () => underLoad(route, { ...options, seconds }),
      api: async () => {
        const result = await underLoad(api, { ...options, seconds });
        requests += result.count;
        return result;
      },
    },
    rounds,
  );
  const { scripts } = redisCostBetween(before, await redisCost(redis));
  return [
    ...partsOf(measured),
    ...ratiosOf(measured),
    {
      name: "Redis round trips for one status",
      value: scripts / requests,
      unit: "count",
      limit: { op: "<=", value: 1 },
    },
  ];
}

function partsOf({ hash, loop, route, api }: Rounds): Figure[] {
  const parts = {
    "bare HGETALL": hash,
    "bare HGETALL, one caller": loop,
    "bare route": route,
    "GET /jobs/:jobId": api,
  };
  return Object.entries(parts).flatMap(([name, rounds]) => figuresOfPart(name, rounds));
}

function ratiosOf(measured: Rounds): Figure[] {
  const limit = { op: ">=", value: 0.85 } as const;
  const byRate = perRound(measured, ({ hash, route, api }) => api.rate / combinedRate(hash, route));
  const byLoop = perRound(measured, ({ loop, route, api }) => api.rate / combinedRate(loop, route));
  const byTime = perRound(measured, ({ hash, route, api }) => (hash.cpuUs + route.cpuUs) / api.cpuUs);
  const name = "GET /jobs/:jobId against HGETALL and route combined";
  return [
    ofRounds(`${name}, by rate`, "x", byRate, limit),
    ofRounds(`${name}, one caller of HGETALL, by rate`, "x", byLoop, limit),
    ofRounds(`${name}, by processor time`, "x", byTime, limit),
  ];
}

async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "repl-bench-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { JobStatus } from "@repl/contract";
import { redisCost, redisCostBetween, startRedis } from "@repl/testkit";
import { pin } from "../frame/cpu.ts";
import type { BenchContext, Benchmark, Figure } from "../frame/figure.ts";
import { alternate, perRound } from "../frame/rounds.ts";
import { median } from "../frame/statistics.ts";
import { tokenOf } from "./orders.ts";
import { bareHash, CONNECTIONS, type Measured, startApi, startBareRoute, underLoad, warmUp } from "./servers.ts";

/** `GET /jobs/:jobId` of a job that waits, against a bare HGETALL and a bare route that answers the same. */
export const jobStatus: Benchmark = {
  name: "job-status",
  about: "GET /jobs/:jobId with every check on, against a bare HGETALL and a bare route combined",
  run,
};

async function run({ quick, nodeArgs, say }: BenchContext): Promise<readonly Figure[]> {
  pin(process.pid, "rest");
  const [rounds, seconds] = quick ? [2, 2] : [7, 4];
  await using redis = await startRedis();
  pin(redis.pid, "rest");
  await using api = await startApi(redis, { nodeArgs });
  const headers = { authorization: `Bearer ${await tokenOf("user-1")}` };
  const path = await acceptedJob(api.url, headers);
  const status = (await (await fetch(api.url + path, { headers })).json()) as JobStatus;
  await using folder = await temporaryFolder();
  const statusPath = join(folder.path, "status.json");
  await writeFile(statusPath, JSON.stringify(status));
  await using route = await startBareRoute(statusPath);
  const options = { method: "GET", connections: CONNECTIONS, next: () => ({ path, headers }) } as const;
  const key = `{repl-orchestrator}:job:${status.jobId}`;

  say("warming up");
  for (const server of [api, route]) await warmUp(server, options);
  say(`${rounds} rounds of ${seconds} s for each of HGETALL, loop, route and api`);
  const before = await redisCost(redis);
  let requests = 0;
  const measured = await alternate<"hash" | "loop" | "route" | "api", Measured>(
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
  const byRate = perRound(measured, ({ hash, route, api }) => api.rate / (1 / (1 / hash.rate + 1 / route.rate)));
  const byLoop = perRound(measured, ({ loop, route, api }) => api.rate / (1 / (1 / loop.rate + 1 / route.rate)));
  const byTime = perRound(measured, ({ hash, route, api }) => (hash.cpuUs + route.cpuUs) / api.cpuUs);
  const times = ({ hash, route, api }: typeof measured) =>
    Object.entries({ "bare HGETALL": hash, "bare route": route, "GET /jobs/:jobId": api });
  const name = "GET /jobs/:jobId against HGETALL and route combined";
  return [
    ...times(measured).map(([part, all]): Figure => {
      const each = all.map(({ cpuUs }) => cpuUs);
      return { name: `${part}: processor time for one`, value: median(each), unit: "us", rounds: each };
    }),
    { name: `${name}, by rate`, value: median(byRate), unit: "x", rounds: byRate },
    { name: `${name}, one caller of HGETALL, by rate`, value: median(byLoop), unit: "x", rounds: byLoop },
    { name: `${name}, by processor time`, value: median(byTime), unit: "x", rounds: byTime },
    {
      name: "Redis round trips for one status",
      value: scripts / requests,
      unit: "count",
      limit: { op: "<=", value: 1 },
    },
  ];
}

/** The address of a job that waits. */
async function acceptedJob(url: string, headers: Record<string, string>): Promise<string> {
  const answer = await fetch(`${url}/start`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ replId: "measured" }),
  });
  const location = answer.headers.get("location");
  if (location === null) throw new Error(`POST /start answered ${answer.status}: ${await answer.text()}`);
  return location;
}

async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "repl-bench-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

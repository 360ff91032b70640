import { randomUUID } from "node:crypto";
import process from "node:process";
import { connectForWork, createJobStore, redisPlace } from "@repl/contract";
import { startSystem } from "../../test/support/system.ts";
import { memoryMb, pin } from "../frame/cpu.ts";
import type { BenchContext, Benchmark, Figure } from "../frame/figure.ts";
import { percentile } from "../frame/statistics.ts";
import { type EventReader, followEvents } from "../latency/follow-events.ts";
import { startStub } from "../stub/start-stub.ts";

const JOBS = 50;
const FOLLOWERS = 5_000;
/** Connections that are opened at a time; a listening socket's queue holds 511. */
const BATCH = 250;

/** What many event streams cost one api, and how soon each hears of a change. */
export const followers: Benchmark = {
  name: "followers",
  about: "5,000 event streams on one api, 100 of each job: memory of each, time from a change in Redis to the client",
  run,
};

async function run({ quick, nodeArgs, say }: BenchContext): Promise<readonly Figure[]> {
  pin(process.pid, "rest");
  const count = quick ? 1_000 : FOLLOWERS;
  await using stub = await startStub();
  await using system = await startSystem(stub, {
    workers: 0,
    namespace: "default",
    env: { MAX_RUNNING_PER_USER: "0", MAX_STARTING_PER_USER: "0", ORDERS_PER_MINUTE: "0" },
    program: (app, env) => ({
      command: process.execPath,
      args: [...nodeArgs, `apps/${app}/src/main.ts`],
      cwd: process.cwd(),
      env,
    }),
  });
  const api = system.apis[0];
  if (api === undefined) throw new Error("there is no api");
  pin(api.process.pid, "measured");
  const replIds = Array.from({ length: JOBS }, (_, index) => `followed-${index}`);
  const jobIds = await Promise.all(replIds.map((replId) => system.submit("start", replId)));
  const before = memoryMb(api.process.pid);
  say(`opening ${count} event streams`);
  const streams = await openAll(api.url, jobIds, count);
  const each = ((memoryMb(api.process.pid) - before) * 1024) / count;
  say("one change of each job, one job after the other");
  const place = redisPlace({ redisUrl: system.redis.url, queuePrefix: system.prefix });
  const connection = connectForWork(place);
  const store = createJobStore(connection, { prefix: system.prefix });
  const times: number[] = [];
  for (const jobId of jobIds) {
    const since = performance.now();
    const heard = (streams.get(jobId) ?? []).map((stream) => stream.until(/"state":"active"/));
    await store.begin(jobId, randomUUID());
    times.push(...(await Promise.all(heard)).map((at) => at - since));
  }
  connection.disconnect();
  await Promise.all([...streams.values()].flat().map((stream) => stream[Symbol.asyncDispose]()));
  return [
    { name: `memory of each of ${count} event streams`, value: each, unit: "KB", limit: { op: "<=", value: 60 } },
    { name: "change to client, median", value: percentile(times, 0.5), unit: "ms" },
    { name: "change to client, p99", value: percentile(times, 0.99), unit: "ms", limit: { op: "<=", value: 50 } },
  ];
}

async function openAll(
  url: string,
  jobIds: readonly string[],
  count: number,
): Promise<ReadonlyMap<string, readonly EventReader[]>> {
  const streams = new Map<string, EventReader[]>(jobIds.map((jobId) => [jobId, []]));
  const open = async (number: number): Promise<void> => {
    const jobId = jobIds[number % jobIds.length] as string;
    const stream = await followEvents(`${url}/jobs/${jobId}/events`);
    await stream.until(/event: progress\ndata: \{.*\}\n\n/);
    streams.get(jobId)?.push(stream);
  };
  for (let number = 0; number < count; number += BATCH) {
    const batch = Math.min(BATCH, count - number);
    await Promise.all(Array.from({ length: batch }, (_, index) => open(number + index)));
  }
  return streams;
}

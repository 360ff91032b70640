import { connectForWork, redisPlace } from "@repl/contract";
import { type ApiClient, startTestCluster, whyNoTestCluster } from "@repl/testkit";
import { type System, startSystem } from "../../test/support/system.ts";
import type { BenchContext, Benchmark, Figure } from "../frame/figure.ts";
import { median, percentile } from "../frame/statistics.ts";
import { type RunningStub, startStub } from "../stub/start-stub.ts";
import { AVAILABLE } from "../stub/statuses.ts";
import { followEvents } from "./follow-events.ts";

/** How soon a start goes on: from the request to the cluster, and from the cluster back to the client. */
export const latency: Benchmark = {
  name: "latency",
  about:
    "one start after the other: POST to the first write, Deployment available to the client told by its event stream",
  uses: ["kubernetes"],
  run,
};

/** Nobody orders as fast as a benchmark, and sweeps would fall into some of the measurements. */
const ENVIRONMENT = {
  MAX_RUNNING_PER_USER: "0",
  MAX_STARTING_PER_USER: "0",
  ORDERS_PER_MINUTE: "0",
  SWEEP_INTERVAL_SECONDS: "3600",
};

/** Milliseconds of single starts. */
interface Times {
  /** A plain question to the same Redis beside each start: what the machine itself takes for waking two processes. */
  readonly ping: number[];
  readonly firstWrite: number[];
  readonly told: number[];
}

async function run({ quick, say }: BenchContext): Promise<readonly Figure[]> {
  const starts = quick ? 50 : 300;
  say(`${starts} starts on the stub`);
  const onStub = await timesOnStub(starts);
  const missing = await whyNoTestCluster();
  say(missing ?? `${starts} starts on a real control plane`);
  const told = missing === undefined ? await toldByCluster(starts) : [];
  return [
    { name: "a PING of Redis beside it, median", value: median(onStub.ping), unit: "ms" },
    { name: "a PING of Redis beside it, p99", value: percentile(onStub.ping, 0.99), unit: "ms" },
    ...both("POST to first write, stub", onStub.firstWrite, 30),
    ...both("available to told, stub", onStub.told, 50),
    ...(told.length === 0 ? [] : both("available to told, real control plane", told, 50)),
  ];
}

function both(name: string, values: readonly number[], most: number): Figure[] {
  return [
    { name: `${name}, least`, value: Math.min(...values), unit: "ms" },
    { name: `${name}, median`, value: median(values), unit: "ms" },
    { name: `${name}, p99`, value: percentile(values, 0.99), unit: "ms", limit: { op: "<=", value: most } },
  ];
}

async function timesOnStub(starts: number): Promise<Times> {
  await using stub = await startStub({ controllers: false });
  await using system = await startSystem(stub, { namespace: "default", env: ENVIRONMENT });
  return await measure(system, stub.api, starts, stub);
}

/** The control plane's own controllers are left out: whoever measures says when a Deployment is available. */
async function toldByCluster(starts: number): Promise<readonly number[]> {
  await using cluster = await startTestCluster({ controllers: false });
  await using system = await startSystem({ ...cluster, api: cluster }, { namespace: "default", env: ENVIRONMENT });
  return (await measure(system, cluster, starts)).told;
}

/** Starts before the first one that counts: code is compiled and connections are opened meanwhile. */
const WARM_UP = 200;

async function measure(system: System, api: ApiClient, starts: number, stub?: RunningStub): Promise<Times> {
  const times: Times = { ping: [], firstWrite: [], told: [] };
  using stack = new DisposableStack();
  const place = redisPlace({ redisUrl: system.redis.url, queuePrefix: system.prefix });
  const connection = stack.adopt(connectForWork(place), (redis) => redis.disconnect());
  for (let number = -WARM_UP; number < starts; number += 1) {
    const replId = `latency-${number + WARM_UP}`;
    const asked = performance.now();
    await connection.ping();
    const pingMs = performance.now() - asked;
    const postedAtMs = performance.timeOrigin + performance.now();
    const jobId = await system.submit("start", replId);
    await using events = await followEvents(`${system.apis[0]?.url}/jobs/${jobId}/events`);
    await events.until(/"phase":"scheduling"/);
    const availableAt = performance.now();
    const path = `/apis/apps/v1/namespaces/default/deployments/${replId}/status`;
    const { status } = await api.request("PATCH", path, { status: AVAILABLE });
    if (status !== 200) throw new Error(`the status of ${replId} could not be written: ${status}`);
    const told = (await events.until(/^event: completed$/m)) - availableAt;
    if (number < 0) continue;
    times.ping.push(pingMs);
    times.told.push(told);
    if (stub !== undefined) times.firstWrite.push((await stub.firstWriteAtMs(replId)) - postedAtMs);
  }
  return times;
}

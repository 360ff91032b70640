import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { startRedis } from "@repl/testkit";
import { cpuMs, memoryMb, peakMemoryMb, pin } from "../frame/cpu.ts";
import type { BenchContext, Benchmark, Figure } from "../frame/figure.ts";
import { startMeasuredWorkers } from "../provisioning/measured-workers.ts";
import { startStub } from "../stub/start-stub.ts";
import { fill } from "./fill.ts";
import { recordFinishedStarts } from "./finished-starts.ts";

const MANY = 20_000;
/** Events on their way at a time. */
const PARALLEL = 50;

/** What a cluster full of repls costs a worker that has nothing to do with them. */
export const manyRepls: Benchmark = {
  name: "many-repls",
  about: "a worker beside 20,000 repls in the cluster: memory, processor time idle and for each event, cold start",
  run,
};

/** What a worker costs. */
interface Costs {
  readonly readyAfterMs: number;
  readonly memoryMb: number;
  readonly peakMemoryMb: number;
  /** Processor time in a second without events. */
  readonly idleMs: number;
  /** Processor time of one event. */
  readonly eventUs: number;
}

async function run({ quick, say }: BenchContext): Promise<readonly Figure[]> {
  pin(process.pid, "rest");
  const repls = quick ? 2_000 : MANY;
  const alone = await costsBeside(1, quick);
  say(`filling a cluster and Redis with ${repls} repls`);
  const among = await costsBeside(repls, quick);
  const [beside1, besideMany] = ["beside one repl", `beside ${repls} repls`];
  const figure = (name: string, value: number, unit: string): Figure => ({ name, value, unit });
  return [
    figure(`start until ready, ${beside1}`, alone.readyAfterMs, "ms"),
    figure(`start until ready, ${besideMany}`, among.readyAfterMs, "ms"),
    figure(`memory, ${beside1}`, alone.memoryMb, "MB"),
    figure(`memory, ${besideMany}`, among.memoryMb, "MB"),
    figure(`memory at most, ${besideMany}`, among.peakMemoryMb, "MB"),
    figure("memory for each repl", ((among.memoryMb - alone.memoryMb) * 1024) / repls, "KB"),
    figure(`CPU in an idle second, ${beside1}`, alone.idleMs, "ms"),
    figure(`CPU in an idle second, ${besideMany}`, among.idleMs, "ms"),
    figure(`CPU of a pod's event, ${beside1}`, alone.eventUs, "us"),
    figure(`CPU of a pod's event, ${besideMany}`, among.eventUs, "us"),
    {
      ...figure("CPU of an event, beside many against beside one", among.eventUs / alone.eventUs, "x"),
      limit: { op: "<=", value: 1.5 },
    },
  ];
}

async function costsBeside(repls: number, quick: boolean): Promise<Costs> {
  const [idleSeconds, events] = quick ? [5, 2_000] : [20, 10_000];
  await using stub = await startStub();
  await using redis = await startRedis();
  const [[podPath = ""]] = await Promise.all([fill(stub, repls), recordFinishedStarts(redis, repls)]);
  const place = { kubeconfigPath: stub.kubeconfigPath, namespace: "default", concurrency: 10 };
  await using worker = await startMeasuredWorkers(redis, place);
  const pid = worker.pids[0] as number;
  await delay(quick ? 2_000 : 10_000); // The first sweep is over, and what the start left behind is collected.
  const beforeIdle = cpuMs(pid);
  await delay(idleSeconds * 1_000);
  const idleMs = (cpuMs(pid) - beforeIdle) / idleSeconds;
  const memory = memoryMb(pid);
  const beforeEvents = cpuMs(pid);
  for (let number = 0; number < events; number += PARALLEL) {
    const touch = (index: number) => stub.api.request("PATCH", podPath, { touched: number + index });
    await Promise.all(Array.from({ length: PARALLEL }, (_, index) => touch(index)));
  }
  await delay(1_000);
  const eventUs = ((cpuMs(pid) - beforeEvents) / events) * 1_000;
  return { readyAfterMs: worker.readyAfterMs, memoryMb: memory, peakMemoryMb: peakMemoryMb(pid), idleMs, eventUs };
}

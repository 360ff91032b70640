import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { startRedis } from "@repl/testkit";
import { cpuMs, memoryMb, peakMemoryMb, pin } from "../frame/cpu.ts";
import { type BenchContext, type Benchmark, type Figure, ofRounds } from "../frame/figure.ts";
import { alternate, perRound } from "../frame/rounds.ts";
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

async function run({ quick, say }: BenchContext): Promise<readonly Figure[]> {
  pin(process.pid, "rest");
  const [repls, rounds, events, idleSeconds] = quick ? [2_000, 2, 2_000, 5] : [MANY, 7, 4_000, 20];
  await using alone = await openBeside(1);
  say(`filling a cluster and Redis with ${repls} repls`);
  await using among = await openBeside(repls);
  await delay(quick ? 2_000 : 10_000); // The first sweep is over, and what the start left behind is collected.
  const idleMs = await Promise.all([idleCost(alone, idleSeconds), idleCost(among, idleSeconds)]);
  const memory = [memoryMb(alone.pid), memoryMb(among.pid)] as const;
  say(`${rounds} rounds of ${events} events for each worker`);
  const eventUs = await alternate(
    { alone: () => eventCost(alone, events), among: () => eventCost(among, events) },
    rounds,
  );

  const [beside1, besideMany] = ["beside one repl", `beside ${repls} repls`];
  const figure = (name: string, value: number, unit: string): Figure => ({ name, value, unit });
  const ratios = perRound(eventUs, (round) => round.among / round.alone);
  return [
    figure(`start until ready, ${beside1}`, alone.readyAfterMs, "ms"),
    figure(`start until ready, ${besideMany}`, among.readyAfterMs, "ms"),
    figure(`memory, ${beside1}`, memory[0], "MB"),
    figure(`memory, ${besideMany}`, memory[1], "MB"),
    figure(`memory at most, ${besideMany}`, peakMemoryMb(among.pid), "MB"),
    figure("memory for each repl", ((memory[1] - memory[0]) * 1024) / repls, "KB"),
    figure(`CPU in an idle second, ${beside1}`, idleMs[0], "ms"),
    figure(`CPU in an idle second, ${besideMany}`, idleMs[1], "ms"),
    ofRounds(`CPU of a pod's event, ${beside1}`, "us", eventUs.alone),
    ofRounds(`CPU of a pod's event, ${besideMany}`, "us", eventUs.among),
    ofRounds("CPU of an event, beside many against beside one", "x", ratios, { op: "<=", value: 1.5 }),
  ];
}

/** A worker with a cluster of its own that holds so many repls. */
interface Beside extends AsyncDisposable {
  readonly pid: number;
  readonly readyAfterMs: number;
  /** Changes a pod once; the worker is told. */
  touch(): Promise<unknown>;
}

async function openBeside(repls: number): Promise<Beside> {
  await using stack = new AsyncDisposableStack();
  const stub = stack.use(await startStub());
  const redis = stack.use(await startRedis());
  const [[podPath = ""]] = await Promise.all([fill(stub, repls), recordFinishedStarts(redis, repls)]);
  const place = { kubeconfigPath: stub.kubeconfigPath, namespace: "default", concurrency: 10 };
  const worker = stack.use(await startMeasuredWorkers(redis, place));
  let touched = 0;
  const parts = stack.move();
  return {
    pid: worker.pids[0] as number,
    readyAfterMs: worker.readyAfterMs,
    touch: () => stub.api.request("PATCH", podPath, { touched: touched++ }),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Processor time in a second without events. */
async function idleCost({ pid }: Beside, seconds: number): Promise<number> {
  const before = cpuMs(pid);
  await delay(seconds * 1_000);
  return (cpuMs(pid) - before) / seconds;
}

/** Processor time of one event, in microseconds. */
async function eventCost({ pid, touch }: Beside, events: number): Promise<number> {
  const before = cpuMs(pid);
  for (let number = 0; number < events; number += PARALLEL) await Promise.all(Array.from({ length: PARALLEL }, touch));
  await delay(1_000);
  return ((cpuMs(pid) - before) / events) * 1_000;
}

import process from "node:process";
import { startRedis } from "@repl/testkit";
import { pin } from "../frame/cpu.ts";
import { type BenchContext, type Benchmark, type Figure, ofRounds } from "../frame/figure.ts";
import { alternate, perRound } from "../frame/rounds.ts";
import { startMeasuredWorkers } from "../provisioning/measured-workers.ts";
import { startStub } from "../stub/start-stub.ts";
import { recordFinishedStarts } from "./finished-starts.ts";

const KEPT = 50_000;

/** Whether the past slows the present down. */
export const keptJobs: Benchmark = {
  name: "kept-jobs",
  about: "starts in a Redis that keeps 50,000 finished jobs, against an empty one",
  run,
};

async function run({ quick, say }: BenchContext): Promise<readonly Figure[]> {
  pin(process.pid, "rest");
  const [rounds, count] = quick ? [2, 300] : [5, 800];
  await using stub = await startStub();
  await using empty = await startRedis();
  await using full = await startRedis();
  for (const { pid } of [empty, full]) pin(pid, "rest");
  say(`recording ${KEPT} finished jobs`);
  await recordFinishedStarts(full, KEPT);
  const place = { kubeconfigPath: stub.kubeconfigPath, namespace: "default", concurrency: 10 };
  await using inEmpty = await startMeasuredWorkers(empty, place);
  await using inFull = await startMeasuredWorkers(full, place);
  let measurements = 0;
  const costOf = async ({ complete }: typeof inEmpty) => {
    const { cpuMs } = await complete(`m${++measurements}`, count);
    return cpuMs / count;
  };
  for (const workers of [inEmpty, inFull]) await workers.complete(`warm${++measurements}`, 300);
  say(`${rounds} rounds of ${count} starts each`);
  const costs = await alternate({ empty: () => costOf(inEmpty), full: () => costOf(inFull) }, rounds);
  const ratios = perRound(costs, ({ empty: without, full: among }) => among / without);
  const limit = { op: "<=", value: 1.1 } as const;
  return [
    ofRounds("worker, CPU per start, no job kept", "ms", costs.empty),
    ofRounds(`worker, CPU per start, ${KEPT} kept`, "ms", costs.full),
    ofRounds("kept against not", "x", ratios, limit),
  ];
}

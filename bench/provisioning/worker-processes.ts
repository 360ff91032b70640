import process from "node:process";
import { startRedis } from "@repl/testkit";
import { pin } from "../frame/cpu.ts";
import type { BenchContext, Benchmark, Figure } from "../frame/figure.ts";
import { alternate, perRound } from "../frame/rounds.ts";
import { median } from "../frame/statistics.ts";
import { startStub } from "../stub/start-stub.ts";
import { startMeasuredWorkers } from "./measured-workers.ts";

/** Few, so that calls of 20 ms are what bounds even four workers, and not two processors. */
const CONCURRENCY = 2;
const LATENCY_MS = 20;

/** Whether more workers do more. */
export const workerProcesses: Benchmark = {
  name: "worker-processes",
  about: `starts a second of 1, 2 and 4 workers with ${CONCURRENCY} slots each, calls taking ${LATENCY_MS} ms`,
  run,
};

async function run({ quick, say }: BenchContext): Promise<readonly Figure[]> {
  pin(process.pid, "rest");
  const [rounds, countEach] = quick ? [1, 150] : [5, 400];
  await using stub = await startStub({ latencyMs: LATENCY_MS });
  let measurements = 0;
  const rateOf = async (workers: number): Promise<number> => {
    measurements += 1;
    await using redis = await startRedis();
    const place = { kubeconfigPath: stub.kubeconfigPath, namespace: "default", concurrency: CONCURRENCY };
    await using own = await startMeasuredWorkers(redis, { ...place, workers });
    await own.complete(`warm-${measurements}`, 100 * workers);
    const count = countEach * workers;
    return count / (await own.complete(`m${measurements}`, count)).seconds;
  };
  say(`${rounds} rounds of ${countEach} starts for each worker`);
  const rates = await alternate({ one: () => rateOf(1), two: () => rateOf(2), four: () => rateOf(4) }, rounds);
  const rate = (name: string, values: readonly number[]): Figure => ({
    name,
    value: median(values),
    unit: "1/s",
    rounds: values,
  });
  const linear = (name: string, values: readonly number[]): Figure => {
    return { name, value: median(values), unit: "x", limit: { op: ">=", value: 0.9 }, rounds: values };
  };
  return [
    rate("one worker", rates.one),
    rate("two workers", rates.two),
    rate("four workers", rates.four),
    linear(
      "two workers against twice one",
      perRound(rates, ({ one, two }) => two / (2 * one)),
    ),
    linear(
      "four workers against four times one",
      perRound(rates, ({ one, four }) => four / (4 * one)),
    ),
  ];
}

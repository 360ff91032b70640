import process from "node:process";
import { startRedis } from "@repl/testkit";
import { pin } from "../frame/cpu.ts";
import { type BenchContext, type Benchmark, type Figure, ofRounds } from "../frame/figure.ts";
import { alternate, perRound } from "../frame/rounds.ts";
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
  const limit = { op: ">=", value: 0.9 } as const;
  const ofTwo = perRound(rates, ({ one, two }) => two / (2 * one));
  const ofFour = perRound(rates, ({ one, four }) => four / (4 * one));
  return [
    ofRounds("one worker", "1/s", rates.one),
    ofRounds("two workers", "1/s", rates.two),
    ofRounds("four workers", "1/s", rates.four),
    ofRounds("two workers against twice one", "x", ofTwo, limit),
    ofRounds("four workers against four times one", "x", ofFour, limit),
  ];
}

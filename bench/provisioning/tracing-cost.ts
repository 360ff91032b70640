import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import type { JobStatus } from "@repl/contract";
import { type System, startSystem } from "../../test/support/system.ts";
import { cpuMs, pin } from "../frame/cpu.ts";
import { type BenchContext, type Benchmark, type Figure, ofRounds } from "../frame/figure.ts";
import { alternate, perRound } from "../frame/rounds.ts";
import { startStub } from "../stub/start-stub.ts";

const WARM_UP = 50;
const AT_ONCE = 10;

/** What it costs to trace every start. */
export const tracingCost: Benchmark = {
  name: "tracing-cost",
  about: "processor time of api and worker for a start and its stop, with every one traced, against none",
  run,
};

async function run({ quick, say }: BenchContext): Promise<readonly Figure[]> {
  pin(process.pid, "rest");
  const [rounds, starts] = quick ? [1, 100] : [5, 300];
  const collector = createServer((request, response) => request.resume().on("end", () => response.end()));
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const on = { TRACING: "otlp", OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
  say(`${rounds} rounds of ${starts} starts and stops each`);
  const costs = await alternate(
    { off: () => cpuPerStart({ TRACING: "off" }, starts), on: () => cpuPerStart(on, starts) },
    rounds,
  );
  collector.closeAllConnections();
  collector.close();
  const ratios = perRound(costs, ({ off, on: traced }) => traced / off);
  return [
    ofRounds("start and stop, tracing off, CPU", "ms", costs.off),
    ofRounds("start and stop, all traced, CPU", "ms", costs.on),
    ofRounds("traced against not", "x", ratios),
  ];
}

/** Processor time of both processes for one start and its stop, in ms. */
async function cpuPerStart(tracing: Readonly<Record<string, string>>, starts: number): Promise<number> {
  await using stub = await startStub();
  await using system = await startSystem(stub, {
    namespace: "default",
    env: {
      ...tracing,
      LOG_LEVEL: "warn",
      SWEEP_INTERVAL_SECONDS: "3600",
      ORDERS_PER_MINUTE: "0",
      MAX_RUNNING_PER_USER: "0",
    },
  });
  const pids = [system.apis[0]?.process.pid, system.workers[0]?.pid].filter((pid) => pid !== undefined);
  const cpu = () => pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
  await startAndStop(system, "warm", WARM_UP);
  const before = cpu();
  await startAndStop(system, "run", starts);
  return (cpu() - before) / starts;
}

/** Starts that many repls, a few at a time, follows each as a front end does, and stops it. */
async function startAndStop(system: System, name: string, count: number): Promise<void> {
  let next = 0;
  const client = async () => {
    while (next < count) {
      const replId = `${name}-${next++}`;
      for (const kind of ["start", "stop"] as const) await followed(system, await system.submit(kind, replId));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
}

async function followed({ apis }: System, jobId: string): Promise<void> {
  for (;;) {
    const job = (await (await fetch(`${apis[0]?.url}/jobs/${jobId}?wait=20`)).json()) as JobStatus;
    if (job.state === "completed") return;
    if (job.finishedAt !== null) throw new Error(`${job.kind} of ${job.replId}: ${job.message}`);
  }
}

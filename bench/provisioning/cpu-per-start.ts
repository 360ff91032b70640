import process from "node:process";
import { startRedis } from "@repl/testkit";
import { pin } from "../frame/cpu.ts";
import { type BenchContext, type Benchmark, type Figure, ofRounds } from "../frame/figure.ts";
import { alternate, perRound } from "../frame/rounds.ts";
import type { StubCounts } from "../stub/server.ts";
import { type RunningStub, startStub } from "../stub/start-stub.ts";
import { startMeasuredWorkers, TEMPLATE } from "./measured-workers.ts";
import { buildClientGo, type Cost, clientGo, type Job, naiveClientNode } from "./peers.ts";

const PARALLEL = 10;
/**
 * A worker lives for days: it is measured when the engine has compiled what runs often. It does so by the number of
 * calls, in bursts: of what runs three times a start after 5,000 starts, of what runs once between 16,000 and 18,000.
 */
const WORKER_WARM_UP = 20_000;
/** One process may differ from the next by a twentieth. */
const WORKERS = 3;

/** What one start costs the client's side in processor time. */
export const cpuPerStart: Benchmark = {
  name: "cpu-per-start",
  about: "the whole worker for a start, against client-go and client-node, on an API server that answers at once",
  uses: ["go"],
  run,
};

async function run({ quick, nodeArgs, say }: BenchContext): Promise<readonly Figure[]> {
  pin(process.pid, "rest");
  const [workers, rounds, count, warmUp] = quick ? [1, 2, 400, 200] : [WORKERS, 3, 1_000, 300];
  say("building the client-go program (two minutes the first time)");
  const binary = await buildClientGo();
  const all: Rounds[] = [];
  for (let worker = 1; worker <= workers; worker += 1) {
    say(`worker ${worker}: ${rounds} rounds of ${count} starts each`);
    // A profile of one says what all do.
    all.push(await measure({ binary, rounds, count, warmUp, nodeArgs: worker === 1 ? nodeArgs : [] }));
  }

  const costs = {
    worker: all.flatMap((one) => one.costs.worker),
    clientGo: all.flatMap((one) => one.costs.clientGo),
    clientNode: all.flatMap((one) => one.costs.clientNode),
  };
  const againstGo = perRound(costs, ({ worker, clientGo: go }) => worker / go);
  const againstNode = perRound(costs, ({ worker, clientNode }) => worker / clientNode);
  const mean = (of: (one: Rounds) => number) => all.reduce((sum, one) => sum + of(one), 0) / all.length;
  const both = rounds * (count + warmUp); // The peers' warm-up is part of their process.
  return [
    ofRounds("worker, CPU per start", "ms", costs.worker),
    ofRounds("client-go program, CPU per start", "ms", costs.clientGo),
    ofRounds("client-node as in its README, CPU per start", "ms", costs.clientNode),
    ofRounds("worker against client-go", "x", againstGo, { op: "<=", value: 2 }),
    ofRounds("worker against client-node", "x", againstNode, { op: "<=", value: 0.35 }),
    counted("worker, calls per start", mean(({ asked }) => asked.worker.calls) / (rounds * count), 3),
    counted("client-go program, calls per start", mean(({ asked }) => asked.clientGo.calls) / both),
    counted("client-node, calls per start", mean(({ asked }) => asked.clientNode.calls) / both),
    counted(
      "worker, TLS connections for its first starts",
      mean(({ connections }) => connections),
      4,
    ),
    counted("client-go program, TLS connections per process", mean(({ asked }) => asked.clientGo.connections) / rounds),
    counted("client-node, TLS connections per start", mean(({ asked }) => asked.clientNode.connections) / both),
  ];
}

/** What the rounds with one worker gave. */
type Rounds = Awaited<ReturnType<typeof measure>>;

interface Measurement {
  /** The client-go program. */
  readonly binary: string;
  readonly rounds: number;
  /** Starts of a round. */
  readonly count: number;
  /** Starts before each round, which do not count. */
  readonly warmUp: number;
  readonly nodeArgs: readonly string[];
}

/** Measures a new worker and the peers in alternation, on a stub and a Redis of their own. */
async function measure({ binary, rounds, count, warmUp, nodeArgs }: Measurement) {
  await using stub = await startStub();
  await using redis = await startRedis();
  pin(redis.pid, "rest");
  const place = { kubeconfigPath: stub.kubeconfigPath, namespace: "default" };
  let measurements = 0;
  const job = (): Job => {
    const name = `m${++measurements}`;
    return { ...place, templatePath: TEMPLATE, parallel: PARALLEL, warmUp, count, name };
  };
  const before = await stub.counts();
  await using own = await startMeasuredWorkers(redis, { ...place, concurrency: PARALLEL, nodeArgs });
  await own.complete("warm", WORKER_WARM_UP);
  // Later it closes the one for its calls whenever it has idled for long enough beside the peers.
  const connections = (await stub.counts()).connections - before.connections;

  const perStart = ({ cpuMs }: Cost) => cpuMs / count;
  const asked = { worker: counter(stub), clientGo: counter(stub), clientNode: counter(stub) };
  const costs = await alternate(
    {
      worker: async () => {
        await own.complete(job().name, warmUp); // While it idled, the engine gave back memory that it needs at work.
        return perStart(await asked.worker.during(() => own.complete(job().name, count)));
      },
      clientGo: async () => perStart(await asked.clientGo.during(() => clientGo(binary, job(), "json"))),
      clientNode: async () => perStart(await asked.clientNode.during(() => naiveClientNode(job()))),
    },
    rounds,
  );
  return { costs, asked, connections };
}

/** Counts what the stub is asked while something runs: every call but LIST and WATCH. */
function counter(stub: RunningStub) {
  const sums = { calls: 0, connections: 0 };
  return {
    get calls() {
      return sums.calls;
    },
    get connections() {
      return sums.connections;
    },
    async during<Result>(work: () => Promise<Result>): Promise<Result> {
      const before = await stub.counts();
      const result = await work();
      const after = await stub.counts();
      sums.calls += callsOf(after) - callsOf(before);
      sums.connections += after.connections - before.connections;
      return result;
    },
  };
}

function callsOf({ calls }: StubCounts): number {
  const { LIST: _list, WATCH: _watch, ...others } = calls;
  return Object.values(others).reduce((sum, count) => sum + count, 0);
}

function counted(name: string, value: number, most?: number): Figure {
  const limit = most === undefined ? {} : { limit: { op: "<=", value: most } as const };
  return { name, value, unit: "count", ...limit };
}

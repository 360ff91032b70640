import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort, type RunningProcess, startProcess, startRedis } from "@repl/testkit";
import { openSimulator } from "../test/support/targets.ts";
import { cpuMs, pin } from "./frame/cpu.ts";
import { type BenchContext, type Benchmark, type Figure, ofRounds } from "./frame/figure.ts";
import { alternate, perRound } from "./frame/rounds.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LOOK_AGAIN_MS = 5;

/** How long a process takes until it answers. */
export const startup: Benchmark = {
  name: "startup",
  about:
    "process start to first answer, for api and worker, against a process that loads Fastify and BullMQ and has one route",
  run,
};

/** Time by the clock and of the processor, both in ms. */
interface Start {
  readonly ms: number;
  readonly cpu: number;
  /** Until it says that it is ready, where it can say so. */
  readonly readyMs: number;
}

/** What is started, and the setting of the port whose first answer counts. */
interface Program {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  readonly port: "PORT" | "OPS_PORT";
  /** Whether it has an ops port, which says when it is ready. */
  readonly ops: boolean;
}

async function run({ quick, say }: BenchContext): Promise<readonly Figure[]> {
  pin(process.pid, "rest");
  const rounds = quick ? 3 : 9;
  await using redis = await startRedis();
  await using target = await openSimulator();
  const redisUrl = { REDIS_URL: redis.url };
  const cluster = { KUBECONFIG: target.kubeconfigPath, NAMESPACE: "default" };
  const programs = {
    bare: { path: "bench/accepting/bare-route.ts", env: {}, port: "PORT", ops: false },
    api: { path: "apps/api/src/main.ts", env: redisUrl, port: "PORT", ops: true },
    worker: { path: "apps/worker/src/main.ts", env: { ...redisUrl, ...cluster }, port: "OPS_PORT", ops: true },
  } as const;
  say(`${rounds} starts of each`);
  const starts = await alternate<Which, Start>(
    { bare: () => startOf(programs.bare), api: () => startOf(programs.api), worker: () => startOf(programs.worker) },
    rounds,
  );
  return figuresOf(starts);
}

type Which = "bare" | "api" | "worker";

function figuresOf(starts: Readonly<Record<Which, readonly Start[]>>): Figure[] {
  const ms = (which: Which) => starts[which].map((start) => start.ms);
  const cpu = (which: Which) => starts[which].map((start) => start.cpu);
  const readyMs = (which: Which) => starts[which].map((start) => start.readyMs);
  const against = (which: Which) => perRound(starts, (round) => round[which].cpu / round.bare.cpu);
  return [
    ofRounds("bare process: start to its port's first answer", "ms", ms("bare")),
    ofRounds("bare process: processor time of it", "ms", cpu("bare")),
    ofRounds("api: start to its public port's first answer", "ms", ms("api")),
    ofRounds("api: processor time of it", "ms", cpu("api")),
    ofRounds("api: start to ready", "ms", readyMs("api")),
    ofRounds("worker: start to its ops port's first answer", "ms", ms("worker")),
    ofRounds("worker: processor time of it", "ms", cpu("worker")),
    ofRounds("worker: start to ready", "ms", readyMs("worker")),
    ofRounds("api against the bare process, processor time", "x", against("api")),
    ofRounds("worker against the bare process, processor time", "x", against("worker")),
  ];
}

/** Starts a program and waits until its port answers, whatever that says, then until `/readyz` says that it is ready. */
async function startOf({ path, env, port, ops }: Program): Promise<Start> {
  const ports = { PORT: String(await freePort()), OPS_PORT: String(await freePort()) };
  const since = performance.now();
  const started = await startProcess({
    name: path,
    command: process.execPath,
    args: [path],
    cwd: ROOT,
    env: { LOG_LEVEL: "warn", ...env, ...ports },
  });
  pin(started.pid, "measured");
  try {
    await answering(`http://127.0.0.1:${ports[port]}/livez`, started, () => true);
    const [ms, cpu] = [performance.now() - since, cpuMs(started.pid)];
    if (ops) await answering(`http://127.0.0.1:${ports.OPS_PORT}/readyz`, started, ({ ok }) => ok);
    return { ms, cpu, readyMs: performance.now() - since };
  } finally {
    await started.stop();
  }
}

async function answering(
  url: string,
  { exited, output }: RunningProcess,
  isEnough: (answer: Response) => boolean,
): Promise<void> {
  let over = false;
  void exited.then(() => {
    over = true;
  });
  while (!over) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer !== undefined && isEnough(answer)) return;
    await delay(LOOK_AGAIN_MS);
  }
  throw new Error(`the process ended: ${output.text()}`);
}

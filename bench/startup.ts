import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort, type RunningProcess, startProcess, startRedis } from "@repl/testkit";
import { openSimulator } from "../test/support/targets.ts";
import { cpuMs, pin } from "./frame/cpu.ts";
import type { BenchContext, Benchmark, Figure } from "./frame/figure.ts";
import { alternate, perRound } from "./frame/rounds.ts";
import { median } from "./frame/statistics.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LOOK_AGAIN_MS = 5;

/** How long a process takes until it listens. */
export const startup: Benchmark = {
  name: "startup",
  about:
    "process start to listening, for api and worker, against a process that loads Fastify and BullMQ and has one route",
  run,
};

/** Time by the clock and of the processor, both in ms. */
interface Start {
  readonly ms: number;
  readonly cpu: number;
}

async function run({ quick, say }: BenchContext): Promise<readonly Figure[]> {
  pin(process.pid, "rest");
  const rounds = quick ? 3 : 9;
  await using redis = await startRedis();
  await using target = await openSimulator();
  const worker = { KUBECONFIG: target.kubeconfigPath, NAMESPACE: "default", REDIS_URL: redis.url };
  say(`${rounds} starts of each`);
  const starts = await alternate<"bare" | "api" | "worker", Start>(
    {
      bare: () => startOf("bench/accepting/bare-route.ts", (port) => ({ PORT: String(port) })),
      api: async () => {
        const PORT = String(await freePort());
        return startOf("apps/api/src/main.ts", (port) => ({ PORT, OPS_PORT: String(port), REDIS_URL: redis.url }));
      },
      worker: () => startOf("apps/worker/src/main.ts", (port) => ({ ...worker, OPS_PORT: String(port) })),
    },
    rounds,
  );
  const names = { bare: "bare process", api: "api", worker: "worker" } as const;
  return [
    ...(["bare", "api", "worker"] as const).flatMap((which): Figure[] => {
      const [times, cpu] = [starts[which].map(({ ms }) => ms), starts[which].map((start) => start.cpu)];
      return [
        { name: `${names[which]}: start to listening`, value: median(times), unit: "ms", rounds: times },
        { name: `${names[which]}: processor time of it`, value: median(cpu), unit: "ms", rounds: cpu },
      ];
    }),
    ...(["api", "worker"] as const).map((which): Figure => {
      const ratios = perRound(starts, (round) => round[which].cpu / round.bare.cpu);
      return {
        name: `${names[which]} against the bare process, processor time`,
        value: median(ratios),
        unit: "x",
        rounds: ratios,
      };
    }),
  ];
}

/** Starts a program on the port that it is given and waits until that answers. */
async function startOf(program: string, envOf: (port: number) => Record<string, string>): Promise<Start> {
  const port = await freePort();
  const since = performance.now();
  const started = await startProcess({
    name: program,
    command: process.execPath,
    args: [program],
    cwd: ROOT,
    env: { LOG_LEVEL: "warn", ...envOf(port) },
  });
  pin(started.pid, "measured");
  try {
    await answering(`http://127.0.0.1:${port}/livez`, started);
    return { ms: performance.now() - since, cpu: cpuMs(started.pid) };
  } finally {
    await started.stop();
  }
}

async function answering(url: string, { exited, output }: RunningProcess): Promise<void> {
  let over = false;
  void exited.then(() => {
    over = true;
  });
  while (!over) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer !== undefined) return;
    await delay(LOOK_AGAIN_MS);
  }
  throw new Error(`the process ended: ${output.text()}`);
}

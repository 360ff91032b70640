import { randomUUID } from "node:crypto";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { connectForWork, createJobStore, enqueue, keysOf, openJobQueue, redisPlace } from "@repl/contract";
import { freePort, type RunningProcess, startProcess, type TestRedis, waitFor } from "@repl/testkit";
import { cpuMs, pin } from "../frame/cpu.ts";
import type { Cost } from "./peers.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Of the keys of what is measured. */
export const PREFIX = "{bench}";
/** The product's template. */
export const TEMPLATE = fileURLToPath(new URL("../../service.yaml", import.meta.url));

/** What is measured, and with what. */
export interface WorkersOptions {
  readonly kubeconfigPath: string;
  readonly namespace: string;
  /** Jobs of each worker at a time. */
  readonly concurrency: number;
  /** Processes; 1 where left out. */
  readonly workers?: number;
  /** Of the first worker. */
  readonly nodeArgs?: readonly string[];
}

/** Workers of the service on a Redis, and starts for them. */
export interface MeasuredWorkers extends AsyncDisposable {
  readonly pids: readonly number[];
  /** From the start of the first process until it was ready. */
  readonly readyAfterMs: number;
  /** Queues so many starts at once and waits until all are completed. @throws Error when one fails */
  complete(name: string, count: number): Promise<Cost>;
}

/** Starts the workers and waits until each is ready. */
export async function startMeasuredWorkers(redis: TestRedis, options: WorkersOptions): Promise<MeasuredWorkers> {
  const { workers: count = 1, nodeArgs = [] } = options;
  const since = performance.now();
  const workers = [await startWorker(redis, options, nodeArgs)];
  const readyAfterMs = performance.now() - since;
  while (workers.length < count) workers.push(await startWorker(redis, options, []));
  const pids = workers.map(({ pid }) => pid);
  for (const pid of pids) pin(pid, "measured");
  const cpu = () => pids.reduce((sum, pid) => sum + cpuMs(pid), 0);

  const connection = connectForWork(redisPlace({ redisUrl: redis.url, queuePrefix: PREFIX }));
  const store = createJobStore(connection, { prefix: PREFIX });
  const queue = openJobQueue({ connection, prefix: PREFIX }, () => {});
  const submit = async (replId: string) => {
    const [jobId, requestId, userId] = [randomUUID(), randomUUID(), `user-${replId}`];
    await store.accept({ kind: "start", replId, userId, jobId, requestId });
    await enqueue(queue, jobId, "start", { version: 1, replId, userId, requestId }, 1);
    return jobId;
  };
  const assertCompleted = async (jobId: string) => {
    const record = await store.find(jobId);
    if (record?.state !== "completed") throw new Error(`job ${jobId}: ${record?.state} ${record?.message}`);
  };
  return {
    pids,
    readyAfterMs,
    async complete(name, starts) {
      await queue.pause();
      const jobIds = await Promise.all(Array.from({ length: starts }, (_, i) => submit(`${name}-${i}`)));
      const [cpuBefore, began] = [cpu(), performance.now()];
      await queue.resume();
      await waitFor(async () => (await connection.zcard(keysOf(PREFIX).open)) === 0, {
        what: `${starts} starts to end`,
        timeoutMs: 300_000,
        intervalMs: 20,
      });
      const cost = { cpuMs: cpu() - cpuBefore, seconds: (performance.now() - began) / 1_000 };
      await Promise.all(jobIds.map(assertCompleted));
      return cost;
    },
    async [Symbol.asyncDispose]() {
      await queue.close();
      connection.disconnect();
      await Promise.all(workers.map((worker) => worker.stop()));
    },
  };
}

/** One worker process, ready. */
async function startWorker(
  redis: TestRedis,
  { kubeconfigPath, namespace, concurrency }: WorkersOptions,
  nodeArgs: readonly string[],
): Promise<RunningProcess> {
  const opsPort = await freePort();
  return startProcess({
    name: "worker",
    command: process.execPath,
    args: [...nodeArgs, "apps/worker/src/main.ts"],
    cwd: ROOT,
    env: {
      REDIS_URL: redis.url,
      QUEUE_PREFIX: PREFIX,
      OPS_PORT: String(opsPort),
      KUBECONFIG: kubeconfigPath,
      NAMESPACE: namespace,
      TEMPLATE_PATH: TEMPLATE,
      WORKER_CONCURRENCY: String(concurrency),
      SWEEP_INTERVAL_SECONDS: "3600",
    },
    ready: { url: `http://127.0.0.1:${opsPort}/readyz` },
  });
}

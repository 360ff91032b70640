import { createIntentStore, createJobStore, openJobQueue } from "@repl/contract";
import { createLogLimiter, NO_TRACER } from "@repl/ops";
import { DEFAULT_GRACES, openClusterView, type Template } from "@repl/provision";
import { openPlacement, startSweeper, startWorker } from "@repl/worker";
import type { Redis } from "ioredis";
import type { Logger } from "pino";
import type { ClusterServer } from "../cluster/cluster-server.ts";
import { connectToCluster } from "../cluster/connect.ts";
import { RedisClient } from "../redis/redis-client.ts";
import type { RedisServer } from "../redis/redis-server.ts";

/** What a worker process is given, as its settings and its surroundings would. */
export interface WorkerProcessOptions {
  readonly name: string;
  readonly redis: RedisServer;
  readonly cluster: ClusterServer;
  readonly template: Template;
  readonly namespace: string;
  readonly prefix: string;
  readonly concurrency: number;
  readonly idleTimeoutMs: number;
  readonly patienceMs: number;
  readonly log: Logger;
  /** Told of each sweep: how many things it found, reports left out. */
  readonly onSwept: (findings: number) => void;
}

/** A running worker process. */
export interface RunningProcess {
  /** What SIGTERM does. */
  close(): Promise<void>;
}

/** A start is given up after a minute, a sweep comes every quarter of one: the defaults, but for a shorter start. */
const START_TIMEOUT_MS = 60_000;
const SWEEP_EVERY_MS = 15_000;
const LEASE_MS = 10_000;
const RETENTION_SECONDS = 7 * 24 * 3_600;
const FINISH_MS = 6_000;

/** Puts a worker together as apps/worker/src/main.ts does, on the simulated Redis and cluster. */
export async function runWorkerProcess(options: WorkerProcessOptions): Promise<RunningProcess> {
  const { redis, cluster, template, namespace, prefix, log } = options;
  const client = connectToCluster(cluster, options.name);
  const connection = new RedisClient(redis, "work") as unknown as Redis;
  const subscriber = new RedisClient(redis, "work") as unknown as Redis;
  const store = createJobStore(connection, { prefix, retentionSeconds: RETENTION_SECONDS, leaseMs: LEASE_MS });
  const logError = createLogLimiter(log);
  const intents = createIntentStore(connection, prefix);
  const patience = { unavailableMs: options.patienceMs, goneMs: options.patienceMs };
  const placement = await openPlacement(namespace, undefined, { client, intents, patience });
  const view = openClusterView({
    client,
    namespace: placement.reach.scope,
    workload: "Deployment",
    onError: (error) => log.warn({ err: error }, "watch interrupted"),
  });
  const worker = await startWorker({
    store,
    connection,
    subscriber,
    prefix,
    tracer: NO_TRACER,
    concurrency: options.concurrency,
    log,
    logError,
    template,
    ...placement,
    client,
    view,
    patience,
    graces: DEFAULT_GRACES,
    startTimeoutMs: START_TIMEOUT_MS,
    answering: { check: "deployment", ingressAddress: undefined, deadlineMs: START_TIMEOUT_MS },
    cleanUpOnFailure: true,
  });
  const queue = openJobQueue({ connection, prefix }, (error) => logError("queue", error));
  const sweeper = await startSweeper({
    store,
    intents,
    queue,
    client,
    template,
    ...placement,
    idleTimeoutMs: options.idleTimeoutMs,
    keepFailed: false,
    intervalMs: SWEEP_EVERY_MS,
    connection,
    prefix,
    tracer: NO_TRACER,
    log,
    logError,
    onSwept: ({ requeued, start, stop, delete: deleted }) => options.onSwept(requeued + start + stop + deleted),
  });
  return {
    async close() {
      await Promise.all([sweeper.close(), worker.close(FINISH_MS)]);
      await Promise.all([view.stop(), queue.close()]);
      await client.close();
      connection.disconnect();
      subscriber.disconnect();
    },
  };
}

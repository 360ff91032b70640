import { createLogLimiter, NO_TRACER } from "@repl/ops";
import type { Template } from "@repl/provision";
import { startWork, type WorkParts, type WorkSettings } from "@repl/worker";
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
  readonly idleTimeoutSeconds: number;
  readonly patienceMs: number;
  readonly log: Logger;
  /** Told of each sweep: how many things it found, reports left out. */
  readonly onSwept: (findings: number) => void;
}

/** A running worker process. */
export interface RunningProcess {
  /** What SIGTERM does. False where work was left undone, as the process has to end. */
  close(): Promise<boolean>;
}

const GRACE_MS = 30_000;
/** A start is given up after a minute, a sweep comes every quarter of one: the defaults, but for a shorter start. */
const SETTINGS = {
  jobRetentionSeconds: 7 * 24 * 3_600,
  leaseSeconds: 10,
  startTimeoutSeconds: 60,
  unschedulableGraceSeconds: 8,
  readyCheck: "deployment",
  addressTimeoutSeconds: 60,
  cleanupOnFailure: "delete",
  sweepIntervalSeconds: 15,
} as const;

/** The work of a worker process on the simulated Redis and cluster; what is left out is its settings' text and its ops server. */
export async function runWorkerProcess(options: WorkerProcessOptions): Promise<RunningProcess> {
  const { redis, cluster, template, namespace, concurrency, idleTimeoutSeconds, log } = options;
  const client = connectToCluster(cluster, options.name);
  const connection = new RedisClient(redis, "work") as unknown as Redis;
  const subscriber = new RedisClient(redis, "work") as unknown as Redis;
  const settings: WorkSettings = {
    ...SETTINGS,
    queuePrefix: options.prefix,
    namespace,
    concurrency,
    idleTimeoutSeconds,
  };
  const work = await startWork(settings, {
    template,
    files: undefined,
    client,
    connection,
    subscriber,
    metrics: metricsOf(options),
    tracer: NO_TRACER,
    log,
    logError: createLogLimiter(log),
    patience: { unavailableMs: options.patienceMs, goneMs: options.patienceMs },
  });
  return {
    async close() {
      const isOver = await work.close("in order", GRACE_MS);
      await client.close();
      connection.disconnect();
      subscriber.disconnect();
      return isOver;
    },
  };
}

function metricsOf({ onSwept }: WorkerProcessOptions): WorkParts["metrics"] {
  const ignore = () => {};
  return {
    attemptEnded: ignore,
    phaseEnded: ignore,
    jobEnded: ignore,
    called: ignore,
    swept: ({ requeued, start, stop, delete: deleted }) => onSwept(requeued + start + stop + deleted),
  };
}

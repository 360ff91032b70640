import { setTimeout as sleep } from "node:timers/promises";
import { createIntentStore, createJobStore, openJobQueue } from "@repl/contract";
import type { KindName, KubeClient } from "@repl/kube";
import type { Log, LogError, Tracer } from "@repl/ops";
import {
  type ClusterView,
  DEFAULT_GRACES,
  KIND_RULES,
  openClusterView,
  type Patience,
  type Template,
} from "@repl/provision";
import type { Redis } from "ioredis";
import { measureStore } from "./measured-store.ts";
import { openPlacement, type UserNamespaceFiles } from "./placement.ts";
import { startSweeper } from "./sweeper.ts";
import { startWorker } from "./worker.ts";
import type { WorkerMetrics } from "./worker-metrics.ts";

/** How long an attempt waits for an API server that does not answer, before the queue's own backoff takes over. */
const UNAVAILABLE_MS = 60_000;
/** How long an attempt waits for a resource that is being deleted; less where a start may not take that long at all. */
const GONE_MS = 120_000;
/** Share of the grace period in which the work may end; the rest is for what it works with. */
const END_SHARE = 0.7;
/** And in which jobs may still finish; the rest of the first is for handing them back. */
const FINISH_SHARE = 0.2;

/** What decides how a worker works; docs/settings.md has each under its variable's name. */
export interface WorkSettings {
  readonly queuePrefix: string;
  /** Where repls live in the shared mode. */
  readonly namespace: string;
  /** Jobs at a time. */
  readonly concurrency: number;
  readonly jobRetentionSeconds: number;
  readonly leaseSeconds: number;
  readonly startTimeoutSeconds: number;
  readonly unschedulableGraceSeconds: number;
  readonly readyCheck: "deployment" | "service" | "url";
  readonly ingressAddress?: string;
  readonly addressTimeoutSeconds: number;
  readonly cleanupOnFailure: "delete" | "keep";
  /** 0: repls are never stopped for being idle. */
  readonly idleTimeoutSeconds: number;
  readonly sweepIntervalSeconds: number;
}

/** What a worker works with. Whoever brings a part closes it, after the work. */
export interface WorkParts {
  readonly template: Template;
  /** Undefined where users have no namespaces of their own. */
  readonly files: UserNamespaceFiles | undefined;
  readonly client: KubeClient;
  /** For commands; another one like it is opened for blocking reads. */
  readonly connection: Redis;
  /** For the channel of cancelled jobs. */
  readonly subscriber: Redis;
  readonly metrics: WorkerMetrics;
  readonly tracer: Tracer;
  readonly log: Log;
  readonly logError: LogError;
  /** Default: a minute for the API server, two for a resource that is being deleted. */
  readonly patience?: Patience;
}

/** How work ends: `at once` lets no job finish, for a process that cannot be trusted any more. */
export type Ending = "in order" | "at once";

/** A worker at work. */
export interface RunningWork {
  readonly view: ClusterView;
  /** Jobs under way. */
  activeJobs(): number;
  /**
   * Takes no new job, lets those under way finish within a share of the grace period, hands the rest back. False where that
   * took too long, and locks are left to run out: the process has to end all the same.
   */
  close(how: Ending, graceMs: number): Promise<boolean>;
}

/** Begins to take jobs and to sweep. */
export async function startWork(settings: WorkSettings, parts: WorkParts): Promise<RunningWork> {
  const { queuePrefix: prefix } = settings;
  const { template, files, client, connection, subscriber, metrics, tracer, log, logError } = parts;
  const startTimeoutMs = settings.startTimeoutSeconds * 1_000;
  const plainStore = createJobStore(connection, {
    prefix,
    retentionSeconds: settings.jobRetentionSeconds,
    leaseMs: settings.leaseSeconds * 1_000,
  });
  const store = measureStore(plainStore, metrics);
  const intents = createIntentStore(connection, prefix);
  const patience = parts.patience ?? { unavailableMs: UNAVAILABLE_MS, goneMs: Math.min(GONE_MS, startTimeoutMs) };
  const placement = await openPlacement(settings.namespace, files, { client, intents, patience });
  const workload = template.manifests.find(({ kind }) => KIND_RULES[kind]?.wave === "workload")?.kind as KindName;
  const view = openClusterView({
    client,
    namespace: placement.reach.scope,
    workload,
    onError: (error) => logError("watch", error),
  });

  const shared = { store, connection, prefix, client, template, ...placement, log, tracer, logError };
  const worker = await startWorker({
    ...shared,
    subscriber,
    concurrency: settings.concurrency,
    view,
    patience,
    graces: { ...DEFAULT_GRACES, unschedulableMs: settings.unschedulableGraceSeconds * 1_000 },
    startTimeoutMs,
    answering: {
      check: settings.readyCheck,
      ingressAddress: settings.ingressAddress,
      deadlineMs: settings.addressTimeoutSeconds * 1_000,
    },
    cleanUpOnFailure: settings.cleanupOnFailure === "delete",
  });
  const queue = openJobQueue({ connection, prefix }, (error) => logError("queue", error));
  const sweeper = await startSweeper({
    ...shared,
    intents,
    queue,
    idleTimeoutMs: settings.idleTimeoutSeconds * 1_000,
    keepFailed: settings.cleanupOnFailure === "keep",
    intervalMs: settings.sweepIntervalSeconds * 1_000,
    onSwept: metrics.swept,
  });

  return {
    view,
    activeJobs: worker.activeJobs,
    close(how, graceMs) {
      const end = async () => {
        await Promise.all([sweeper.close(), worker.close(how === "in order" ? graceMs * FINISH_SHARE : 0)]);
        await Promise.all([view.stop(), queue.close()]);
      };
      return endsWithin(graceMs * END_SHARE, end());
    },
  };
}

/**
 * Whether the work ends in time. BullMQ 6.7 does not while Redis is dead: of a connection that waits between two tries it awaits
 * an end that ioredis never tells. While Redis hangs, each command waits for its own limit.
 */
async function endsWithin(ms: number, work: Promise<void>): Promise<boolean> {
  const over = new AbortController();
  const late = sleep(ms, false, { signal: over.signal }).catch(() => false);
  const isOver = await Promise.race([work.then(() => true), late]);
  over.abort();
  return isOver;
}

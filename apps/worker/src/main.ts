import process from "node:process";
import { connectForWork, createIntentStore, createJobStore, openJobQueue } from "@repl/contract";
import { CredentialsError, createKubeClient, type KindName, loadCredentials } from "@repl/kube";
import { buildOpsServer, createRegistry } from "@repl/ops";
import { DEFAULT_GRACES, KIND_RULES, openClusterView } from "@repl/provision";
import { loadWorkerSettings, SettingsError, type WorkerSettings } from "@repl/settings";
import closeWithGrace from "close-with-grace";
import { pino } from "pino";
import { measureStore } from "./measured-store.ts";
import { readTemplate, UnusableTemplate } from "./read-template.ts";
import { startSweeper } from "./sweeper.ts";
import { startWorker } from "./worker.ts";
import { addWorkerGauges, createWorkerMetrics } from "./worker-metrics.ts";

/** How long an attempt waits for an API server that does not answer, before the queue's own backoff takes over. */
const UNAVAILABLE_MS = 60_000;
/** How long an attempt waits for a resource that is being deleted; less where a start may not take that long at all. */
const GONE_MS = 120_000;
/** Share of the grace period in which jobs may still finish; the rest is for handing them back. */
const FINISH_SHARE = 0.2;

const main = async (settings: WorkerSettings): Promise<void> => {
  const { redisUrl, queuePrefix: prefix, namespace, shutdownGraceSeconds } = settings;
  const log = pino({ level: settings.logLevel, base: { process: "worker" } });
  const template = await readTemplate(settings.templatePath);
  const environment = process.env;
  const credentials = await loadCredentials(
    settings.kubeconfig === undefined
      ? { inCluster: true, environment }
      : { kubeconfig: settings.kubeconfig, environment },
  );

  const registry = createRegistry();
  const metrics = createWorkerMetrics(registry);
  const client = createKubeClient({ credentials, fieldManager: "repl-orchestrator", onCall: metrics.called });
  const workload = template.manifests.find(({ kind }) => KIND_RULES[kind]?.wave === "workload")?.kind as KindName;
  const view = openClusterView({
    client,
    namespace,
    workload,
    onError: (error, delayMs) => log.warn({ err: error, delayMs }, "watch interrupted"),
  });

  const connection = connectForWork(redisUrl);
  const subscriber = connectForWork(redisUrl);
  for (const redis of [connection, subscriber]) redis.on("error", (error) => log.warn({ err: error }, "redis error"));
  const plainStore = createJobStore(connection, {
    prefix,
    retentionSeconds: settings.jobRetentionSeconds,
    leaseMs: settings.leaseSeconds * 1_000,
  });
  const store = measureStore(plainStore, metrics);
  const worker = await startWorker({
    store,
    connection,
    subscriber,
    prefix,
    concurrency: settings.concurrency,
    log,
    template,
    namespace,
    client,
    view,
    patience: { unavailableMs: UNAVAILABLE_MS, goneMs: Math.min(GONE_MS, settings.startTimeoutSeconds * 1_000) },
    graces: { ...DEFAULT_GRACES, unschedulableMs: settings.unschedulableGraceSeconds * 1_000 },
    startTimeoutMs: settings.startTimeoutSeconds * 1_000,
    answering: {
      check: settings.readyCheck,
      ingressAddress: settings.ingressAddress,
      deadlineMs: settings.addressTimeoutSeconds * 1_000,
    },
    cleanUpOnFailure: settings.cleanupOnFailure === "delete",
  });

  const queue = openJobQueue({ connection, prefix }, (error) => log.warn({ err: error }, "queue error"));
  const sweeper = await startSweeper({
    store,
    intents: createIntentStore(connection, prefix),
    queue,
    client,
    template,
    namespace,
    idleTimeoutMs: settings.idleTimeoutSeconds * 1_000,
    intervalMs: settings.sweepIntervalSeconds * 1_000,
    connection,
    prefix,
    log,
    onSwept: metrics.swept,
  });

  addWorkerGauges(registry, () => view.stats(), worker.activeJobs);
  let draining = false;
  const ops = buildOpsServer({
    log,
    metrics: registry,
    checks: {
      redis: () => connection.ping(),
      cluster: async () => {
        const stale = Object.entries(view.stats()).find(([, { live }]) => !live);
        if (stale !== undefined) throw new Error(`the watch on ${stale[0]} is down`);
      },
      draining: async () => {
        if (draining) throw new Error("the worker is ending");
      },
    },
  });
  await ops.listen({ host: settings.opsHost, port: settings.opsPort });
  log.info(
    { opsAddress: ops.server.address(), cluster: credentials.server, namespace, concurrency: settings.concurrency },
    "worker ready",
  );

  closeWithGrace({ delay: shutdownGraceSeconds * 1_000, logger: false }, async ({ err, signal }) => {
    draining = true;
    log.info({ err, signal, activeJobs: worker.activeJobs() }, "worker ending");
    await Promise.all([sweeper.close(), worker.close(shutdownGraceSeconds * 1_000 * FINISH_SHARE)]);
    await Promise.all([view.stop(), ops.close(), queue.close()]);
    await client.close();
    connection.disconnect();
    subscriber.disconnect();
    log.info("worker ended");
  });
};

try {
  await main(loadWorkerSettings(process.env));
} catch (error) {
  const isForTheOperator = [SettingsError, UnusableTemplate, CredentialsError].some((type) => error instanceof type);
  process.stderr.write(`worker: ${isForTheOperator ? (error as Error).message : ((error as Error).stack ?? error)}\n`);
  process.exit(1);
}

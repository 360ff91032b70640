import process from "node:process";
import {
  createIntentStore,
  createJobStore,
  createRedisCheck,
  openJobQueue,
  RedisSettingsError,
  redisPlace,
} from "@repl/contract";
import { CredentialsError, createKubeClient, type KindName, loadCredentials } from "@repl/kube";
import { buildOpsServer, createLog, createLogLimiter, createRegistry, openTracer } from "@repl/ops";
import { DEFAULT_GRACES, KIND_RULES, MANAGED_BY, openClusterView, parseTemplate } from "@repl/provision";
import { loadWorkerSettings, SettingsError, type WorkerSettings } from "@repl/settings";
import closeWithGrace from "close-with-grace";
import { createClusterCheck } from "./cluster-check.ts";
import { connectToRedis } from "./connect-to-redis.ts";
import { measureStore } from "./measured-store.ts";
import { openPlacement, readUserNamespaceFiles, type UserNamespaceSettings } from "./placement.ts";
import { readTemplate, UnusableTemplate } from "./read-template.ts";
import { startSweeper } from "./sweeper.ts";
import { traceRequests } from "./trace-requests.ts";
import { UnusableSecrets } from "./user-secrets.ts";
import { startWorker } from "./worker.ts";
import { addWorkerGauges, createWorkerMetrics } from "./worker-metrics.ts";

/** How long an attempt waits for an API server that does not answer, before the queue's own backoff takes over. */
const UNAVAILABLE_MS = 60_000;
/** How long an attempt waits for a resource that is being deleted; less where a start may not take that long at all. */
const GONE_MS = 120_000;
/** Share of the grace period in which jobs may still finish; the rest is for handing them back. */
const FINISH_SHARE = 0.2;
/** Share of the grace period in which the last spans may still be sent. */
const FLUSH_SHARE = 0.1;

/** Undefined where users have no namespaces of their own. */
function userNamespaceSettings(settings: WorkerSettings): UserNamespaceSettings | undefined {
  if (settings.namespaceMode === "shared") return undefined;
  const { userNamespacePrefix: prefix, userNamespaceTemplatePath: templatePath } = settings;
  return { prefix, templatePath, secretsPath: settings.userNamespaceSecretsPath };
}

const main = async (settings: WorkerSettings): Promise<void> => {
  const { queuePrefix: prefix, shutdownGraceSeconds } = settings;
  const log = createLog({ process: "worker", level: settings.logLevel });
  const logError = createLogLimiter(log);
  const place = redisPlace(settings);
  const template = await readTemplate("TEMPLATE_PATH", settings.templatePath, parseTemplate);
  const userNamespaces = userNamespaceSettings(settings);
  const files = userNamespaces && (await readUserNamespaceFiles(userNamespaces, log));
  const environment = process.env;
  const credentials = await loadCredentials(
    settings.kubeconfig === undefined
      ? { inCluster: true, environment }
      : { kubeconfig: settings.kubeconfig, environment },
  );

  const registry = createRegistry();
  const metrics = createWorkerMetrics(registry);
  const tracer = await openTracer(settings, "worker", logError);
  const client = createKubeClient({
    credentials,
    fieldManager: MANAGED_BY,
    onCall: metrics.called,
    onRequest: traceRequests(tracer, credentials.server),
  });
  const { connection, subscriber } = await connectToRedis(place, { log, logError });
  const plainStore = createJobStore(connection, {
    prefix,
    retentionSeconds: settings.jobRetentionSeconds,
    leaseMs: settings.leaseSeconds * 1_000,
  });
  const store = measureStore(plainStore, metrics);
  const intents = createIntentStore(connection, prefix);

  const patience = { unavailableMs: UNAVAILABLE_MS, goneMs: Math.min(GONE_MS, settings.startTimeoutSeconds * 1_000) };
  const placement = await openPlacement(settings.namespace, files, { client, intents, patience });
  const workload = template.manifests.find(({ kind }) => KIND_RULES[kind]?.wave === "workload")?.kind as KindName;
  const view = openClusterView({
    client,
    namespace: placement.reach.scope,
    workload,
    onError: (error, delayMs) => log.warn({ err: error, delayMs }, "watch interrupted"),
  });

  const worker = await startWorker({
    store,
    connection,
    subscriber,
    prefix,
    concurrency: settings.concurrency,
    log,
    tracer,
    logError,
    template,
    ...placement,
    client,
    view,
    patience,
    graces: { ...DEFAULT_GRACES, unschedulableMs: settings.unschedulableGraceSeconds * 1_000 },
    startTimeoutMs: settings.startTimeoutSeconds * 1_000,
    answering: {
      check: settings.readyCheck,
      ingressAddress: settings.ingressAddress,
      deadlineMs: settings.addressTimeoutSeconds * 1_000,
    },
    cleanUpOnFailure: settings.cleanupOnFailure === "delete",
  });

  const queue = openJobQueue({ connection, prefix }, (error) => logError("queue", error));
  const sweeper = await startSweeper({
    store,
    intents,
    queue,
    client,
    template,
    ...placement,
    idleTimeoutMs: settings.idleTimeoutSeconds * 1_000,
    keepFailed: settings.cleanupOnFailure === "keep",
    intervalMs: settings.sweepIntervalSeconds * 1_000,
    connection,
    prefix,
    log,
    tracer,
    logError,
    onSwept: metrics.swept,
  });

  addWorkerGauges(registry, () => view.stats(), worker.activeJobs);
  let draining = false;
  const ops = buildOpsServer({
    log,
    metrics: registry,
    checks: {
      redis: createRedisCheck(connection, place),
      cluster: createClusterCheck(client, view),
      draining: async () => {
        if (draining) throw new Error("the worker is ending");
      },
    },
  });
  await ops.listen({ host: settings.opsHost, port: settings.opsPort });
  closeWithGrace({ delay: shutdownGraceSeconds * 1_000, logger: false }, async ({ err, signal }) => {
    draining = true;
    log.info({ err, signal, activeJobs: worker.activeJobs() }, "worker ending");
    await Promise.all([sweeper.close(), worker.close(shutdownGraceSeconds * 1_000 * FINISH_SHARE)]);
    await Promise.all([view.stop(), ops.close(), queue.close()]);
    await client.close();
    await tracer.close(shutdownGraceSeconds * 1_000 * FLUSH_SHARE);
    connection.disconnect();
    subscriber.disconnect();
    log.info("worker ended");
  });

  // Last: whoever reads it may tell the process to end.
  const { namespaceMode, namespace, concurrency } = settings;
  log.info(
    { opsAddress: ops.server.address(), cluster: credentials.server, namespaceMode, namespace, concurrency },
    "worker ready",
  );
};

try {
  await main(loadWorkerSettings(process.env));
} catch (error) {
  const expected = [SettingsError, RedisSettingsError, UnusableTemplate, UnusableSecrets, CredentialsError];
  const log = createLog({ process: "worker", level: "fatal" });
  if (expected.some((type) => error instanceof type)) log.fatal((error as Error).message);
  else log.fatal({ err: error }, "the worker could not be started");
  process.exit(1);
}

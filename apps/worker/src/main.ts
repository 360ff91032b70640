import process from "node:process";
import { createRedisCheck, RedisSettingsError, redisPlace } from "@repl/contract";
import { createKubeClient } from "@repl/kube";
import {
  buildOpsServer,
  type Check,
  createLog,
  createLogLimiter,
  createRegistry,
  ListenError,
  type Log,
  listen,
  logWarnings,
  openTracer,
  readBuild,
} from "@repl/ops";
import { MANAGED_BY, parseTemplate } from "@repl/provision";
import { loadWorkerSettings, SettingsError, type WorkerSettings } from "@repl/settings";
import closeWithGrace from "close-with-grace";
import { createClusterCheck } from "./cluster-check.ts";
import { openRedis, redisReady } from "./connect-to-redis.ts";
import { readUserNamespaceFiles, type UserNamespaceSettings } from "./placement.ts";
import { readCredentials, UnusableCredentials } from "./read-credentials.ts";
import { readTemplate, UnusableTemplate } from "./read-template.ts";
import { traceRequests } from "./trace-requests.ts";
import { UnusableSecrets } from "./user-secrets.ts";
import { type Ending, startWork } from "./work.ts";
import { addWorkerGauges, createWorkerMetrics } from "./worker-metrics.ts";

/** Share of the grace period in which the last spans may still be sent. */
const FLUSH_SHARE = 0.1;

/** Undefined where users have no namespaces of their own. */
function userNamespaceSettings(settings: WorkerSettings): UserNamespaceSettings | undefined {
  if (settings.namespaceMode === "shared") return undefined;
  const { userNamespacePrefix: prefix, userNamespaceTemplatePath: templatePath } = settings;
  return { prefix, templatePath, secretsPath: settings.userNamespaceSecretsPath };
}

/** A worker's process once it works. */
interface RunningWorker {
  /** Jobs under way. */
  activeJobs(): number;
  /** Ends the work, then what it works with, within the grace period. */
  close(how: Ending): Promise<void>;
}

/**
 * Opens the operators' port, waits for Redis, then begins to work: while Redis is away the process lives and is not ready.
 * @param leaving aborted when the process is to end, which ends the wait as well
 */
async function start(settings: WorkerSettings, log: Log, leaving: AbortSignal): Promise<RunningWorker> {
  const graceMs = settings.shutdownGraceSeconds * 1_000;
  const logError = createLogLimiter(log);
  const place = redisPlace(settings);
  const template = await readTemplate("TEMPLATE_PATH", settings.templatePath, parseTemplate);
  const userNamespaces = userNamespaceSettings(settings);
  const files = userNamespaces && (await readUserNamespaceFiles(userNamespaces, log));
  const credentials = await readCredentials(settings.kubeconfig, process.env);

  const registry = createRegistry();
  const metrics = createWorkerMetrics(registry);
  const tracer = await openTracer(settings, "worker", logError);
  const client = createKubeClient({
    credentials,
    fieldManager: MANAGED_BY,
    onCall: metrics.called,
    onRequest: traceRequests(tracer, credentials.server),
  });
  const redis = openRedis(place, logError);
  const { connection, subscriber } = redis;
  let checkCluster: Check = async () => {
    throw new Error("it is not watched before Redis answers");
  };
  const ops = buildOpsServer({
    log,
    metrics: registry,
    checks: {
      redis: createRedisCheck(connection, place),
      cluster: () => checkCluster(),
      draining: async () => {
        if (leaving.aborted) throw new Error("the worker is ending");
      },
    },
  });
  await listen(ops, "OPS_PORT", { host: settings.opsHost, port: settings.opsPort });
  await redisReady(redis, { place, log, signal: leaving });
  const parts = { template, files, client, connection, subscriber, metrics, tracer, log, logError };
  const work = await startWork(settings, parts);
  checkCluster = createClusterCheck(client, work.view);
  addWorkerGauges(registry, () => work.view.stats(), work.activeJobs);

  const { namespaceMode, namespace, concurrency } = settings;
  log.info(
    {
      ...readBuild(),
      opsAddress: ops.server.address(),
      ...{ cluster: credentials.server, namespaceMode, namespace, concurrency },
    },
    "worker ready",
  );
  return {
    activeJobs: work.activeJobs,
    async close(how) {
      const isOver = await work.close(how, graceMs);
      if (!isOver) log.warn("the queue could not be closed in order, its locks will run out");
      await ops.close();
      await client.close();
      await tracer.close(graceMs * FLUSH_SHARE);
      connection.disconnect();
      subscriber.disconnect();
    },
  };
}

/** Starts the worker and ends it with the process, which may be told to end before it works. */
async function run(settings: WorkerSettings): Promise<void> {
  const log = createLog({ process: "worker", level: settings.logLevel });
  logWarnings(log);
  const leaving = new AbortController();
  const starting = start(settings, log, leaving.signal);
  closeWithGrace({ delay: settings.shutdownGraceSeconds * 1_000, logger: log }, async ({ err, signal }) => {
    leaving.abort();
    if (err) log.fatal({ err }, "unexpected error, ending");
    const worker = await starting.catch(() => undefined); // Then there is nothing to end in order.
    log.info({ signal, activeJobs: worker?.activeJobs() ?? 0 }, "worker ending");
    await worker?.close(err ? "at once" : "in order");
    log.info("worker ended");
  });
  await starting.catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
}

try {
  await run(loadWorkerSettings(process.env));
} catch (error) {
  const expected = [
    ...[SettingsError, RedisSettingsError, UnusableTemplate, UnusableSecrets],
    ...[UnusableCredentials, ListenError],
  ];
  const log = createLog({ process: "worker", level: "fatal" });
  if (expected.some((type) => error instanceof type)) log.fatal((error as Error).message);
  else log.fatal({ err: error }, "the worker could not be started");
  process.exit(1);
}

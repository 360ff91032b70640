import process from "node:process";
import { createRedisCheck, RedisSettingsError, redisPlace } from "@repl/contract";
import { CredentialsError, createKubeClient, loadCredentials } from "@repl/kube";
import { buildOpsServer, createLog, createLogLimiter, createRegistry, openTracer } from "@repl/ops";
import { MANAGED_BY, parseTemplate } from "@repl/provision";
import { loadWorkerSettings, SettingsError, type WorkerSettings } from "@repl/settings";
import closeWithGrace from "close-with-grace";
import { createClusterCheck } from "./cluster-check.ts";
import { connectToRedis } from "./connect-to-redis.ts";
import { readUserNamespaceFiles, type UserNamespaceSettings } from "./placement.ts";
import { readTemplate, UnusableTemplate } from "./read-template.ts";
import { traceRequests } from "./trace-requests.ts";
import { UnusableSecrets } from "./user-secrets.ts";
import { startWork } from "./work.ts";
import { addWorkerGauges, createWorkerMetrics } from "./worker-metrics.ts";

/** Share of the grace period in which the last spans may still be sent. */
const FLUSH_SHARE = 0.1;

/** Undefined where users have no namespaces of their own. */
function userNamespaceSettings(settings: WorkerSettings): UserNamespaceSettings | undefined {
  if (settings.namespaceMode === "shared") return undefined;
  const { userNamespacePrefix: prefix, userNamespaceTemplatePath: templatePath } = settings;
  return { prefix, templatePath, secretsPath: settings.userNamespaceSecretsPath };
}

const main = async (settings: WorkerSettings): Promise<void> => {
  const graceMs = settings.shutdownGraceSeconds * 1_000;
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
  const work = await startWork(settings, {
    template,
    files,
    client,
    connection,
    subscriber,
    metrics,
    tracer,
    log,
    logError,
  });

  addWorkerGauges(registry, () => work.view.stats(), work.activeJobs);
  let draining = false;
  const ops = buildOpsServer({
    log,
    metrics: registry,
    checks: {
      redis: createRedisCheck(connection, place),
      cluster: createClusterCheck(client, work.view),
      draining: async () => {
        if (draining) throw new Error("the worker is ending");
      },
    },
  });
  await ops.listen({ host: settings.opsHost, port: settings.opsPort });
  closeWithGrace({ delay: graceMs, logger: false }, async ({ err, signal }) => {
    draining = true;
    log.info({ err, signal, activeJobs: work.activeJobs() }, "worker ending");
    await work.close(graceMs);
    await ops.close();
    await client.close();
    await tracer.close(graceMs * FLUSH_SHARE);
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

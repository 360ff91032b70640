import { randomBytes } from "node:crypto";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { JobStatus } from "@repl/contract";
import {
  freePort,
  type RunningProcess,
  startProcess,
  startRedis,
  type TestRedis,
  tempNamespace,
  waitFor,
} from "@repl/testkit";
import type { Target } from "./targets.ts";

/** What a test may ask of its system. */
export interface SystemOptions {
  readonly apis?: number;
  readonly workers?: number;
  /** One that exists and stays, in a cluster that ends with the test; default: one of its own, removed at the end. */
  readonly namespace?: string;
  /** Further settings of both processes. */
  readonly env?: Readonly<Record<string, string>>;
}

/** One api process. */
export interface ApiProcess {
  readonly url: string;
  readonly opsUrl: string;
  readonly process: RunningProcess;
}

/** The whole service as real processes on one Redis, with a namespace of its own in the target. */
export interface System extends AsyncDisposable {
  readonly redis: TestRedis;
  readonly namespace: string;
  /** Of its keys in Redis. */
  readonly prefix: string;
  readonly apis: readonly ApiProcess[];
  readonly workers: readonly RunningProcess[];
  startWorker(): Promise<RunningProcess>;
  /** POST of a JSON body to one of the api processes; the first unless told. */
  post(path: string, body: unknown, api?: number): Promise<Response>;
  /** Starts or stops a repl and gives the job's id. @throws Error unless the answer is 202 */
  submit(kind: "start" | "stop", replId: string, api?: number): Promise<string>;
  status(jobId: string, api?: number): Promise<JobStatus>;
  /** Polls as a front end does until the job has ended. */
  ended(jobId: string, timeoutMs?: number): Promise<JobStatus>;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Real pods of the shared cluster are ready within a second or two, but many tests share two cores. */
const END_TIMEOUT_MS = 60_000;

/** Starts everything and waits until each process says it is ready. */
export async function startSystem(target: Target, options: SystemOptions = {}): Promise<System> {
  const { apis: apiCount = 1, workers: workerCount = 1, env = {} } = options;
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const namespace = options.namespace ?? stack.use(await tempNamespace(target.api)).name;
  const prefix = `{${randomBytes(4).toString("hex")}}`;
  const shared = {
    REDIS_URL: redis.url,
    QUEUE_PREFIX: prefix,
    SHUTDOWN_GRACE_SECONDS: "10",
    ...env,
  };
  const forWorker = { ...shared, KUBECONFIG: target.kubeconfigPath, NAMESPACE: namespace };
  const startWorker = async () => stack.use(await startWorkerProcess(forWorker));

  const [apis, workers] = await Promise.all([
    Promise.all(
      Array.from({ length: apiCount }, async () => {
        const api = await startApiProcess(shared);
        stack.use(api.process);
        return api;
      }),
    ),
    Promise.all(Array.from({ length: workerCount }, startWorker)),
  ]);
  return {
    redis,
    namespace,
    prefix,
    apis,
    workers,
    startWorker,
    ...clientOf(apis),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function startApiProcess(env: Record<string, string>): Promise<ApiProcess> {
  const [port, opsPort] = await Promise.all([freePort(), freePort()]);
  const opsUrl = `http://127.0.0.1:${opsPort}`;
  const api = await startApp("api", { ...env, PORT: String(port), OPS_PORT: String(opsPort) }, opsUrl);
  return { url: `http://127.0.0.1:${port}`, opsUrl, process: api };
}

async function startWorkerProcess(env: Record<string, string>): Promise<RunningProcess> {
  const opsPort = await freePort();
  return startApp("worker", { ...env, OPS_PORT: String(opsPort) }, `http://127.0.0.1:${opsPort}`);
}

function startApp(name: "api" | "worker", env: Record<string, string>, opsUrl: string): Promise<RunningProcess> {
  return startProcess({
    name,
    command: process.execPath,
    args: [`apps/${name}/src/main.ts`],
    cwd: ROOT,
    env,
    ready: { url: `${opsUrl}/readyz` },
  });
}

type Client = Pick<System, "post" | "submit" | "status" | "ended">;

function clientOf(apis: readonly ApiProcess[]): Client {
  const urlOf = (api: number) => apis[api % apis.length]?.url ?? "";
  const client: Client = {
    post: (path, body, api = 0) =>
      fetch(urlOf(api) + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    async submit(kind, replId, api = 0) {
      const response = await client.post(`/${kind}`, { userId: "alice", replId }, api);
      const body = (await response.json()) as { jobId: string };
      if (response.status !== 202) throw new Error(`${kind} of ${replId}: ${response.status} ${JSON.stringify(body)}`);
      return body.jobId;
    },
    async status(jobId, api = 0) {
      const response = await fetch(`${urlOf(api)}/jobs/${jobId}`);
      return (await response.json()) as JobStatus;
    },
    ended: (jobId, timeoutMs = END_TIMEOUT_MS) =>
      waitFor(
        async () => {
          const status = await client.status(jobId);
          if (status.finishedAt === null) throw new Error(`${status.state}/${status.phase}: ${status.message}`);
          return status;
        },
        { what: `job ${jobId} to end`, timeoutMs, intervalMs: 50 },
      ),
  };
  return client;
}

import { randomBytes } from "node:crypto";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { JobStatus } from "@repl/contract";
import {
  freePort,
  type ProcessOptions,
  type RunningProcess,
  startProcess,
  startRedis,
  type TestRedis,
  tempNamespace,
  waitFor,
} from "@repl/testkit";
import type { Target } from "./targets.ts";

/** A Redis, of whatever topology, that runs already and stays the test's to stop. */
export interface SystemRedis {
  /** The server that holds the keys at the moment. */
  readonly server: TestRedis;
  /** REDIS_URL and the settings that go with it. */
  readonly env: Readonly<Record<string, string>>;
  /** What differs for the worker, such as its user. */
  readonly workerEnv?: Readonly<Record<string, string>>;
}

/** What a test may ask of its system. */
export interface SystemOptions {
  readonly apis?: number;
  readonly workers?: number;
  /** One that exists and stays, in a cluster that ends with the test; default: one of its own, removed at the end. */
  readonly namespace?: string;
  /** Default: a plain server of its own. */
  readonly redis?: SystemRedis;
  /** Of its keys; default one of its own. */
  readonly prefix?: string;
  /** Further settings of both processes. */
  readonly env?: Readonly<Record<string, string>>;
  /** What runs as an app with those settings; default: this repository's sources on this Node.js. */
  readonly program?: (app: AppName, env: Readonly<Record<string, string>>) => Program;
}

/** The two processes. */
export type AppName = "api" | "worker";

/** How to start a process. */
export type Program = Required<Pick<ProcessOptions, "command" | "args" | "cwd" | "env">>;

/** One api process. */
export interface ApiProcess {
  readonly url: string;
  readonly opsUrl: string;
  readonly process: RunningProcess;
}

/** One worker process. */
interface WorkerProcess extends RunningProcess {
  readonly opsUrl: string;
}

/** The whole service as real processes on one Redis, with a namespace of its own in the target. */
export interface System extends AsyncDisposable {
  readonly redis: TestRedis;
  readonly namespace: string;
  /** Of its keys in Redis. */
  readonly prefix: string;
  readonly apis: readonly ApiProcess[];
  readonly workers: readonly WorkerProcess[];
  /** One more api process. */
  startApi(): Promise<ApiProcess>;
  /** One more worker, with further settings of its own. */
  startWorker(env?: Readonly<Record<string, string>>): Promise<WorkerProcess>;
  /** POST of a JSON body to one of the api processes; the first unless told. */
  post(path: string, body: unknown, api?: number): Promise<Response>;
  /** Starts or stops a repl and gives the job's id. @throws Error unless the answer is 202 */
  submit(kind: "start" | "stop", replId: string, api?: number): Promise<string>;
  /** @throws Error unless the answer is 200 */
  status(jobId: string, api?: number): Promise<JobStatus>;
  /** Polls as a front end does until the job has ended. */
  ended(jobId: string, timeoutMs?: number): Promise<JobStatus>;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Real pods of the shared cluster are ready within a second or two, but many tests share two cores. */
const END_TIMEOUT_MS = 60_000;

/** Starts everything and waits until each process says it is ready. */
export async function startSystem(target: Target, options: SystemOptions = {}): Promise<System> {
  const { apis: apiCount = 1, workers: workerCount = 1, env = {}, program = fromSources } = options;
  const stack = new AsyncDisposableStack();
  const redis = options.redis?.server ?? stack.use(await startRedis());
  const namespace = options.namespace ?? stack.use(await tempNamespace(target.api)).name;
  const prefix = options.prefix ?? `{${randomBytes(4).toString("hex")}}`;
  const shared = {
    REDIS_URL: redis.url,
    QUEUE_PREFIX: prefix,
    SHUTDOWN_GRACE_SECONDS: "10",
    ...options.redis?.env,
    ...env,
  };
  const forWorker = { ...shared, ...options.redis?.workerEnv, KUBECONFIG: target.kubeconfigPath, NAMESPACE: namespace };
  const startWorker = async (own: Readonly<Record<string, string>> = {}) =>
    stack.use(await startWorkerProcess({ ...forWorker, ...own }, program));
  const startApi = async () => {
    const api = await startApiProcess(shared, program);
    stack.use(api.process);
    return api;
  };

  const [apis, workers] = await Promise.all([
    Promise.all(Array.from({ length: apiCount }, startApi)),
    Promise.all(Array.from({ length: workerCount }, () => startWorker())),
  ]);
  return {
    redis,
    namespace,
    prefix,
    apis,
    workers,
    startApi,
    startWorker,
    ...clientOf(apis),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

type Programs = Required<SystemOptions>["program"];

const fromSources: Programs = (app, env) => ({
  command: process.execPath,
  args: [`apps/${app}/src/main.ts`],
  cwd: ROOT,
  env,
});

async function startApiProcess(env: Record<string, string>, program: Programs): Promise<ApiProcess> {
  const [port, opsPort] = await Promise.all([freePort(), freePort()]);
  const opsUrl = `http://127.0.0.1:${opsPort}`;
  const api = await startApp("api", program("api", { ...env, PORT: String(port), OPS_PORT: String(opsPort) }), opsUrl);
  return { url: `http://127.0.0.1:${port}`, opsUrl, process: api };
}

async function startWorkerProcess(env: Record<string, string>, program: Programs): Promise<WorkerProcess> {
  const opsPort = await freePort();
  const opsUrl = `http://127.0.0.1:${opsPort}`;
  return { ...(await startApp("worker", program("worker", { ...env, OPS_PORT: String(opsPort) }), opsUrl)), opsUrl };
}

function startApp(name: AppName, program: Program, opsUrl: string): Promise<RunningProcess> {
  return startProcess({ name, ...program, ready: { url: `${opsUrl}/readyz` } });
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
      if (!response.ok) throw new Error(`job ${jobId}: ${response.status} ${await response.text()}`);
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

import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  createLoopBlock,
  freePort,
  type HttpCall,
  type HttpFaults,
  type HttpOutcome,
  type LoopBlock,
  type RunningProcess,
  startHttpFaults,
  startProcess,
  startRedis,
  startTcpProxy,
  type TcpProxy,
  type TestRedis,
  writeKubeconfig,
} from "@repl/testkit";
import type { Target } from "../target/target.ts";
import { type Change, Place } from "./place.ts";

/** How much of the service there is. */
export interface InstallationOptions {
  readonly target: Target;
  readonly apis: number;
  readonly workers: number;
  /** When Redis syncs its append-only file; default: before it answers. */
  readonly fsync?: Fsync;
  /** Further settings of all processes; what only one kind knows, the other ignores. */
  readonly apiEnv?: Readonly<Record<string, string>>;
  readonly workerEnv?: Readonly<Record<string, string>>;
  /** Arguments of Node, before the name of each process's script; default none. */
  readonly nodeArgs?: readonly string[];
  /** Told of what no process may tell anybody, before the first one starts. */
  readonly onSecrets?: (secrets: readonly string[]) => void;
  /** Told of each call of a worker, with the name of its process. */
  readonly onCall?: (by: string, call: HttpCall, outcome: HttpOutcome) => void;
  readonly onProcess?: (process: string, change: Change, how?: string) => void;
  /** Told of each line that a process logs. */
  readonly onLine?: (process: string, line: string) => void;
}

/** A place of an api process. */
export interface ApiPlace {
  readonly place: Place;
  readonly url: string;
  readonly opsUrl: string;
}

/** A place of a worker process, with its own way to the API server. */
export interface WorkerPlace {
  readonly place: Place;
  readonly opsUrl: string;
  readonly cluster: HttpFaults;
}

/** The whole service as real processes, each of them and each way between them within reach of a fault. */
export interface Installation extends AsyncDisposable {
  readonly target: Target;
  readonly redis: TestRedis;
  /** What the processes connect to in Redis' place. */
  readonly redisLink: TcpProxy;
  /** By what whoever writes the history hears Redis; nothing is wrong with it until power is lost. */
  readonly historyLink: TcpProxy;
  readonly prefix: string;
  readonly namespace: string;
  readonly apis: readonly ApiPlace[];
  readonly workers: readonly WorkerPlace[];
  /** Fills every empty place. */
  fillAll(): Promise<void>;
}

/** When Redis syncs its append-only file (`appendfsync`). */
export type Fsync = "always" | "everysec";

/** The append-only file is never written anew, so that a place in it stays one. */
const ONE_FILE = ["--auto-aof-rewrite-percentage", "0"];

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const PREFIX = "{chaos}";
/** In which a process that is told to end has to. */
const GRACE_SECONDS = 10;
/** One that is still there is killed, so late that none is which only a busy machine has kept from ending by itself. */
const KILL_AFTER_MS = 2 * GRACE_SECONDS * 1_000;

/** Starts Redis, a namespace and every process, and waits until all are ready. */
export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const { target } = options;
  const stack = new AsyncDisposableStack();
  const password = `canary-redis-${randomUUID()}`;
  const args = [...ONE_FILE, "--user", "repls", "on", `>${password}`, "~*", "&*", "+@all"];
  const redis = stack.use(await startRedis({ appendOnly: options.fsync ?? "always", args }));
  const redisLink = stack.use(await startTcpProxy({ targetPort: redis.port }));
  const historyLink = stack.use(await startTcpProxy({ targetPort: redis.port }));
  const namespace = await target.namespace();
  const stranger = `canary-environment-${randomUUID()}`;
  const folder = await mkdtemp(join(tmpdir(), "chaos-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  // Redis' password, a stranger's secret, the cluster's token.
  options.onSecrets?.([password, stranger, target.token]);
  const scene = {
    options,
    folder,
    namespace,
    shared: {
      REDIS_URL: `redis://repls:${password}@127.0.0.1:${redisLink.port}`,
      // Nobody reads it, so nobody may tell it either.
      UNRELATED_SECRET: stranger,
      QUEUE_PREFIX: PREFIX,
      SHUTDOWN_GRACE_SECONDS: `${GRACE_SECONDS}`,
      // Processes start by the hundred; what Node has compiled once it need not compile again.
      NODE_COMPILE_CACHE: join(folder, "compiled"),
    },
  };
  const apis = await Promise.all(Array.from({ length: options.apis }, (_, index) => openApi(index + 1, scene)));
  const workers = await Promise.all(
    Array.from({ length: options.workers }, (_, index) => openWorker(index + 1, scene)),
  );
  const places = [...apis, ...workers].map(({ place }) => place);
  stack.defer(async () => void (await Promise.all(workers.map(({ cluster }) => cluster.stop()))));
  stack.defer(async () => void (await Promise.all(places.map((place) => place.kill()))));
  const fillAll = async (): Promise<void> => void (await Promise.all(places.map((place) => place.fill())));
  await fillAll().catch(async (error: unknown) => {
    await stack.disposeAsync();
    throw error;
  });
  return {
    ...{ target, redis, redisLink, historyLink, prefix: PREFIX, namespace, apis, workers, fillAll },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

interface Scene {
  readonly options: InstallationOptions;
  readonly folder: string;
  readonly namespace: string;
  readonly shared: Readonly<Record<string, string>>;
}

async function openApi(number: number, { options, folder, shared }: Scene): Promise<ApiPlace> {
  const [port, opsPort] = await Promise.all([freePort(), freePort()]);
  const opsUrl = `http://127.0.0.1:${opsPort}`;
  const env = { ...shared, PORT: String(port), OPS_PORT: String(opsPort), ...options.apiEnv };
  const loop = createLoopBlock(join(folder, `api-${number}.pipe`));
  const place: Place = new Place({
    name: `api-${number}`,
    loop,
    start: () => startApp("api", /"msg":"listening"/, { env, loop, place, options }),
    onChange: (life, change, how) => options.onProcess?.(life, change, how),
  });
  return { place, url: `http://127.0.0.1:${port}`, opsUrl };
}

async function openWorker(number: number, { options, folder, namespace, shared }: Scene): Promise<WorkerPlace> {
  const { target } = options;
  const opsPort = await freePort();
  const opsUrl = `http://127.0.0.1:${opsPort}`;
  const cluster = await startHttpFaults({
    target: target.server,
    ...(target.serverCa === undefined ? {} : { targetCa: target.serverCa }),
    tls: target.tls,
    onCall: (call, outcome) => options.onCall?.(place.life, call, outcome),
  });
  const kubeconfigPath = join(folder, `kubeconfig-${number}`);
  await writeKubeconfig(kubeconfigPath, { server: cluster.url, caPath: target.caPath, token: target.token });
  const env = {
    ...shared,
    KUBECONFIG: kubeconfigPath,
    NAMESPACE: namespace,
    OPS_PORT: String(opsPort),
    ...options.workerEnv,
  };
  const loop = createLoopBlock(join(folder, `worker-${number}.pipe`));
  const place: Place = new Place({
    name: `worker-${number}`,
    loop,
    start: () => startApp("worker", /"msg":"worker ready"/, { env, loop, place, options }),
    onChange: (life, change, how) => options.onProcess?.(life, change, how),
  });
  return { place, opsUrl, cluster };
}

/** A process of the service, and what it is started with. */
interface App {
  readonly env: Readonly<Record<string, string>>;
  readonly loop: LoopBlock;
  readonly place: Place;
  readonly options: InstallationOptions;
}

/** Ready by its log and not by its port: it may be started while what it depends on is away. */
function startApp(name: "api" | "worker", ready: RegExp, { env, loop, place, options }: App): Promise<RunningProcess> {
  const { nodeArgs = [], onLine } = options;
  return startProcess({
    name,
    command: process.execPath,
    args: [...nodeArgs, ...loop.nodeArgs, `apps/${name}/src/main.ts`],
    cwd: ROOT,
    env,
    ready: { line: ready },
    readyTimeoutMs: 120_000,
    stopTimeoutMs: KILL_AFTER_MS,
    onLine: (line) => onLine?.(place.life, line),
  });
}

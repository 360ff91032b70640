import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, ProcessError, type ProcessOptions, type RunningProcess, startProcess } from "@repl/testkit";
import { readableLine } from "./log-line.ts";
import { readOptions, type StartOptions, USAGE, UsageError } from "./start-options.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** An api or worker that was told to end finishes what it does for at most this long. */
const STOP_MS = 35_000;

interface Ports {
  readonly api: number;
  readonly apiOps: number;
  readonly workerOps: number;
}

/** Where things are once all of it runs. */
interface Stack {
  readonly ports: Ports;
  readonly redisUrl: string;
  readonly kubeconfig: string;
}

/** One process of the run; node unless said otherwise. Of a quiet one only what it said before it failed is shown. */
interface Part extends Omit<ProcessOptions, "command" | "onLine" | "signal"> {
  readonly command?: string;
  readonly quiet?: boolean;
}

/** Starts a part; it belongs to the run from then on. */
type Launch = (part: Part) => Promise<void>;

async function choosePorts(port: number): Promise<Ports> {
  if (port === 0) return { api: await freePort(), apiOps: await freePort(), workerOps: await freePort() };
  const ports = { api: port, apiOps: port + 1, workerOps: port + 2 };
  await assertFree(ports.api, "the api");
  await assertFree(ports.apiOps, "the api's ops port");
  await assertFree(ports.workerOps, "the worker's ops port");
  return ports;
}

function assertFree(port: number, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", ({ code }: NodeJS.ErrnoException) =>
      reject(
        new UsageError(
          `port ${port}, for ${what}, cannot be had (${code}): choose others with --port, 0 for free ones`,
        ),
      ),
    );
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve()));
  });
}

/** A port belongs to one run at a time, and so does its folder; runs on free ports keep nothing. */
async function dataFolder(port: number): Promise<string> {
  const base = join(ROOT, ".cache", "start");
  await mkdir(base, { recursive: true });
  if (port === 0) return mkdtemp(join(base, "free-"));
  const dir = join(base, String(port));
  await mkdir(dir, { recursive: true });
  return dir;
}

async function startRedis(launch: Launch, dataDir: string): Promise<string> {
  const port = await freePort();
  const dir = join(dataDir, "redis");
  await mkdir(dir, { recursive: true });
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, "--appendonly", "yes", "--save", ""];
  const ready = { line: /Ready to accept connections/ };
  await launch({ name: "redis", command: "redis-server", args, ready, quiet: true });
  return `redis://127.0.0.1:${port}`;
}

async function startSimulator(launch: Launch, dataDir: string): Promise<string> {
  const kubeconfig = join(dataDir, "kubeconfig");
  const args = ["packages/simulator/src/main.ts", "--port", "0", "--kubeconfig", kubeconfig];
  await launch({ name: "simulator", args, ready: { line: /listening on/ } });
  return kubeconfig;
}

async function startAll(options: StartOptions, dataDir: string, ports: Ports, launch: Launch): Promise<Stack> {
  const redisUrl = options.redisUrl ?? (await startRedis(launch, dataDir));
  const kubeconfig = options.kubeconfig ?? (await startSimulator(launch, dataDir));
  const given = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => !!entry[1]),
  );
  const app = (name: "api" | "worker", opsPort: number, env: Record<string, string>) =>
    launch({
      name,
      args: [`apps/${name}/src/main.ts`],
      env: { ...given, REDIS_URL: redisUrl, OPS_PORT: String(opsPort), ...env },
      ready: { url: `http://127.0.0.1:${opsPort}/readyz` },
      stopTimeoutMs: STOP_MS,
    });
  await app("worker", ports.workerOps, { KUBECONFIG: kubeconfig });
  await app("api", ports.apiOps, { PORT: String(ports.api) });
  return { ports, redisUrl, kubeconfig };
}

function describe({ ports, redisUrl, kubeconfig }: Stack, options: StartOptions): string {
  const api = `http://127.0.0.1:${ports.api}`;
  const cluster = options.kubeconfig
    ? "It works on the cluster of the kubeconfig's current context."
    : "It works on the simulator, not on a cluster: resources become ready, but no container runs.";
  return `
Ready. ${cluster}
  page        ${api}/
  api         ${api} (its interface: ${api}/docs)
  operators   http://127.0.0.1:${ports.apiOps}/admin/queues (api), http://127.0.0.1:${ports.workerOps}/metrics (worker)
  redis       ${redisUrl}
  kubeconfig  ${kubeconfig}
Try it:
  curl -si -X POST ${api}/start -H 'content-type: application/json' -d '{"replId":"hello"}'
Ctrl-C stops all of it.
`;
}

/** Stops in reverse order, since each needs what was started before it. */
async function stopAll(running: readonly RunningProcess[]): Promise<void> {
  for (const process of running.toReversed()) {
    const { leftovers } = await process.stop();
    for (const leftover of leftovers)
      console.error(`start: ${process.name} left a process behind, killed: ${leftover}`);
  }
}

/** The first signal ends the run in order; a second one ends it at once, and takes what still runs along. */
function onSignals(abort: AbortController): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (abort.signal.aborted) process.exit(130);
      console.error(`start: ${signal}, stopping`);
      abort.abort(signal);
    });
  }
}

async function run(options: StartOptions): Promise<number> {
  const abort = new AbortController();
  onSignals(abort);
  const ports = await choosePorts(options.port);
  const dataDir = await dataFolder(options.port);
  const running: RunningProcess[] = [];
  const launch: Launch = async ({ quiet, ...part }) => {
    const print = (line: string) => {
      for (const each of readableLine(line).split("\n")) console.log(`${part.name.padEnd(9)} | ${each}`);
    };
    const options = { cwd: ROOT, command: process.execPath, ...part, signal: abort.signal };
    const started = await startProcess(quiet ? options : { ...options, onLine: print });
    running.push(started);
    if (quiet) void started.exited.then(({ code }) => code !== 0 && started.output.lines().slice(-5).forEach(print));
  };
  try {
    console.log(describe(await startAll(options, dataDir, ports, launch), options));
    return await untilEnd(running, abort.signal);
  } catch (error) {
    if (abort.signal.aborted) return 0;
    throw error;
  } finally {
    abort.abort();
    await stopAll(running);
    if (options.port === 0) await rm(dataDir, { recursive: true, force: true });
  }
}

/** 0 when a signal ended the run, 1 when a process did. */
async function untilEnd(running: readonly RunningProcess[], signal: AbortSignal): Promise<number> {
  const asked = new Promise<undefined>((resolve) => signal.addEventListener("abort", () => resolve(undefined)));
  const ends = running.map(async ({ name, exited }) => ({ name, ...(await exited) }));
  const end = await Promise.race([asked, ...ends]);
  if (end === undefined) return 0;
  console.error(`start: ${end.name} ended (${end.signal ?? `code ${end.code}`}), stopping the rest`);
  return 1;
}

/** What a process said was printed already, but for Redis. */
function describeError(error: unknown): string {
  if (error instanceof ProcessError && !error.summary.startsWith("redis")) return error.summary;
  return error instanceof Error ? error.message : String(error);
}

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === "help") console.log(USAGE);
  else process.exitCode = await run(options);
} catch (error) {
  console.error(`start: ${describeError(error)}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { freePort, type ProcessOptions, startProcess, type TestRedis } from "@repl/testkit";
import { cpuMs, pin } from "../frame/cpu.ts";
import { type Load, type LoadResult, load } from "../frame/load.ts";
import type { Measured } from "./measured.ts";
import { tokenOptions } from "./orders.ts";

/** Requests under way at a time, in all benchmarks of the api, so that their figures can be held against each other. */
export const CONNECTIONS = 50;

const WARM_UP_REQUESTS = 10_000;
const WARM_UP_SECONDS = 2;
const LISTENS = { line: /listening on (\S+)/ };
/** Linux' folder that is kept in memory. */
const MEMORY = "/dev/shm";
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A server under measurement, alone on its processor. */
export interface MeasuredServer extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

/** The api with every check on: tokens, limits of each user, rate limit, limit of the queue. None of them is hit. */
export async function startApi(
  redis: TestRedis,
  { nodeArgs = [] }: { readonly nodeArgs?: readonly string[] } = {},
): Promise<MeasuredServer> {
  const [port, opsPort] = await Promise.all([freePort(), freePort()]);
  const env = {
    REDIS_URL: redis.url,
    PORT: String(port),
    OPS_PORT: String(opsPort),
    LOG_LEVEL: "info",
    MAX_OPEN_JOBS: "10000000",
    MAX_RUNNING_PER_USER: "1000000",
    MAX_STARTING_PER_USER: "1000000",
    ORDERS_PER_MINUTE: "1000000",
    AUTH_MODE: "jwt",
    ...tokenOptions.env,
  };
  const ready = { url: `http://127.0.0.1:${opsPort}/readyz` };
  const url = `http://127.0.0.1:${port}`;
  return startServer("api", [...nodeArgs, "apps/api/src/main.ts"], { env, ready }, () => url);
}

/** @param statusPath of a file with the job's status that GET /jobs/:jobId answers; left out: there is no such route */
export async function startBareRoute(statusPath?: string): Promise<MeasuredServer> {
  const args = ["bench/accepting/bare-route.ts", ...(statusPath === undefined ? [] : [statusPath])];
  return startServer("bare route", args, { ready: LISTENS }, (match) => match?.[1] ?? "");
}

/** The same route with one queue behind it, by the names of `peer-route.ts`. */
export async function startPeerRoute(queue: string, url: string): Promise<MeasuredServer> {
  return startServer(
    queue,
    ["bench/accepting/peer-route.ts", queue, url],
    { ready: LISTENS },
    (match) => match?.[1] ?? "",
  );
}

/** Additions to a bare BullMQ queue by so many callers. */
export function bareQueue(redis: TestRedis, callers: number, seconds: number): Promise<Measured> {
  return bareRedis("queue", redis, callers, seconds);
}

/** HGETALL of one hash by so many callers. */
export function bareHash(redis: TestRedis, key: string, callers: number, seconds: number): Promise<Measured> {
  return bareRedis(key, redis, callers, seconds);
}

async function bareRedis(what: string, redis: TestRedis, callers: number, seconds: number): Promise<Measured> {
  const args = [what, redis.url, ...[callers, WARM_UP_SECONDS, seconds].map(String)];
  const program = await startProcess({
    name: "bare Redis",
    command: "taskset",
    args: ["-c", "0", process.execPath, "bench/accepting/bare-redis.ts", ...args],
    cwd: ROOT,
    ready: { line: /^\{.*\}$/m },
  });
  await program.exited;
  return JSON.parse(program.ready?.[0] ?? "") as Measured;
}

/** A load without its duration. */
type Requests = Pick<Load, "method" | "connections" | "next">;

/** Enough requests for the compiler to have seen what is slow, within a minute. */
export async function warmUp({ url }: MeasuredServer, requests: Requests): Promise<void> {
  const since = performance.now();
  for (let count = 0; count < WARM_UP_REQUESTS && performance.now() - since < 60_000; ) {
    count += (await load({ url, ...requests, seconds: 1 })).count;
  }
}

/** Requests to a server, one after each answer on so many connections. */
export async function underLoad(
  { url, pid }: MeasuredServer,
  options: Requests & Pick<Load, "seconds">,
): Promise<Measured & LoadResult> {
  const before = cpuMs(pid);
  const result = await load({ url, ...options });
  return { ...result, cpuUs: ((cpuMs(pid) - before) * 1_000) / result.count };
}

/**
 * Starts a Node program whose log goes to a file, since this process has other work than to read it. In memory where there
 * is such a folder: a disk that writes some hundred MB back is a pause of tens of ms for whoever has that processor.
 */
async function startServer(
  name: string,
  args: readonly string[],
  options: Pick<ProcessOptions, "env"> & Required<Pick<ProcessOptions, "ready">>,
  urlOf: (ready: RegExpExecArray | undefined) => string,
): Promise<MeasuredServer> {
  const folder = await mkdtemp(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "repl-bench-"));
  const toFile = "line" in options.ready ? "" : `> "${join(folder, "log")}"`;
  const server = await startProcess({
    name,
    command: "sh",
    args: ["-c", `exec "$0" "$@" ${toFile}`, process.execPath, ...args],
    cwd: ROOT,
    ...options,
  });
  pin(server.pid, "measured");
  return {
    url: urlOf(server.ready),
    pid: server.pid,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

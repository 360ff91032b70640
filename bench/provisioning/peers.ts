import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startRedis } from "@repl/testkit";
import { pin } from "../frame/cpu.ts";

/** What N starts took a client. */
export interface Cost {
  readonly cpuMs: number;
  readonly seconds: number;
}

/** What each client is asked to do. */
export interface Job {
  readonly kubeconfigPath: string;
  readonly namespace: string;
  readonly templatePath: string;
  /** How the repls' names begin; no other job has it. */
  readonly name: string;
  /** Starts before the count, which compile and connect. */
  readonly warmUp: number;
  readonly count: number;
  readonly parallel: number;
}

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

/** Builds the client-go program unless it is there; the first time takes two minutes. @returns its path */
export async function buildClientGo(): Promise<string> {
  const folder = join(ROOT, ".cache/bench");
  await mkdir(folder, { recursive: true });
  const path = join(folder, "client-go");
  await run("go", ["build", "-trimpath", "-ldflags=-s -w", "-o", path, "."], {
    cwd: join(HERE, "client-go"),
    env: { ...process.env, CGO_ENABLED: "0" },
  });
  return path;
}

/**
 * A Go program of the same job.
 * @param encoding protobuf is client-go's own choice; the stub takes JSON alone
 * @param until whether a start is over with its three writes, or when informers tell that its Deployment is available
 */
export function clientGo(
  binary: string,
  job: Job,
  encoding: "protobuf" | "json",
  until: "written" | "available" = "written",
): Promise<Cost> {
  return measured(binary, [...argumentsOf(job), encoding, ...(until === "available" ? ["wait"] : [])]);
}

/** client-node as its README shows it. */
export function naiveClientNode(job: Job): Promise<Cost> {
  return measured(process.execPath, [join(HERE, "naive-client-node.ts"), ...argumentsOf(job)]);
}

/** The least that Node.js takes for a start; needs a Redis. */
export async function leastInNode(job: Job): Promise<Cost> {
  await using redis = await startRedis();
  pin(redis.pid, "rest");
  return await measured(process.execPath, [join(HERE, "least-in-node.ts"), ...argumentsOf(job), redis.url]);
}

/** `kubectl apply --server-side` of the rendered text. */
export function kubectlApply(kubectl: string, job: Job): Promise<Cost> {
  const command =
    'sed "s/service_name/$repl/g" "$4" | "$1" --kubeconfig "$2" --namespace "$3" apply --server-side -f - > /dev/null';
  return oneProcessEach(command, kubectl, job);
}

/**
 * A command-line tool, one process for each start, as scripts do it; there is nothing to warm up.
 * @param command of a shell: $1 is the program, $2 the kubeconfig, $3 the namespace, $4 the template, $repl the repl's name
 */
export async function oneProcessEach(command: string, program: string, { count, ...job }: Job): Promise<Cost> {
  const script = `i=0; while [ $i -lt "$5" ]; do repl="$6-$i"; ${command}; i=$((i + 1)); done; times`;
  const { kubeconfigPath, namespace, templatePath, name } = job;
  const since = performance.now();
  const args = [program, kubeconfigPath, namespace, templatePath, String(count), name];
  const { stdout } = await onFirstProcessor("bash", ["-ec", script, "bench", ...args]);
  return { cpuMs: childTimeMs(stdout), seconds: (performance.now() - since) / 1_000 };
}

/** The second line of `times`: user and system time of all children, as 1m2.345s. */
function childTimeMs(times: string): number {
  const children = times.trim().split("\n").at(-1) ?? "";
  const each = children.matchAll(/(\d+)m([\d.]+)s/g);
  return [...each].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1_000, 0);
}

function argumentsOf({ kubeconfigPath, namespace, templatePath, name, warmUp, count, parallel }: Job): string[] {
  return [kubeconfigPath, namespace, templatePath, name, ...[warmUp, count, parallel].map(String)];
}

async function measured(command: string, args: readonly string[]): Promise<Cost> {
  const { stdout } = await onFirstProcessor(command, args);
  return JSON.parse(stdout) as Cost;
}

function onFirstProcessor(command: string, args: readonly string[]) {
  return run("taskset", ["-c", "0", command, ...args], { cwd: ROOT, maxBuffer: 1 << 20 });
}

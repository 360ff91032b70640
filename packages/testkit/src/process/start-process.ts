import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { waitFor } from "../wait-for.ts";
import { inheritedEnvironment } from "./environment.ts";
import { guardGroup } from "./guard.ts";
import { collectOutput, type Output } from "./output.ts";
import { groupMembers, signalGroup } from "./process-group.ts";

/** By what a process tells that it is ready. */
type ReadySign =
  | { readonly line: RegExp }
  | { readonly url: string }
  | { readonly until: () => boolean | Promise<boolean> };

/** A process to start, and how to know that it is ready. */
export interface ProcessOptions {
  /** What errors call it. */
  readonly name: string;
  readonly command: string;
  readonly args?: readonly string[];
  /** Added to PATH, HOME and the like; nothing else of the test runner's environment reaches the process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Ready by a line of its output, by a URL that answers 2xx, by a look that says so, or, when left out, at once. */
  readonly ready?: ReadySign;
  /** Deadline for `ready` in ms; default 30,000. */
  readonly readyTimeoutMs?: number;
  /** From SIGTERM to SIGKILL in `stop()`, in ms; default 10,000. */
  readonly stopTimeoutMs?: number;
  /** Sees every complete line of output. */
  readonly onLine?: (line: string) => void;
  /** Stops the process while it is not ready yet. */
  readonly signal?: AbortSignal;
}

/** How a process ended. */
export interface ProcessExit {
  /** Exit code, null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Descendants ("pid command") that were still there after it, and were killed: it did not clean up. */
  readonly leftovers: readonly string[];
}

/** A process that could not be started, ended early or was not ready in time. */
export class ProcessError extends Error {
  /** The first sentence of the message, without the process's output. */
  readonly summary: string;

  constructor(summary: string, output: string | undefined, options?: ErrorOptions) {
    super(output === undefined ? summary : `${summary}; its output:\n${output}`, options);
    this.summary = summary;
  }
}

/** A process that runs, the leader of a process group of its own. */
export interface RunningProcess extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly output: Output;
  /** The match of `ready.line`, for what the line tells (a port). */
  readonly ready: RegExpExecArray | undefined;
  /** Settles when the process and all of its group are gone. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Signals the process alone, not its descendants: SIGKILL, SIGTERM, SIGSTOP, SIGCONT. */
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, SIGKILL to the whole group after `stopTimeoutMs`; returns when all of it is gone. May be called twice. */
  stop(): Promise<ProcessExit>;
}

/**
 * Starts a real process and waits until it is ready. Its whole group ends with `stop()`, at the latest with the test
 * runner itself.
 * @throws ProcessError with the output so far when it cannot be started, ends early, or is not ready in time.
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const child = spawn(options.command, options.args ?? [], {
    cwd: options.cwd,
    env: { ...inheritedEnvironment(), ...options.env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = collectOutput([child.stdout, child.stderr] as Readable[], options.onLine);
  const pid = await pidOf(child, options);
  const exited = watchExit(child, pid);
  const stop = () => stopGroup(child, pid, exited, options.stopTimeoutMs ?? 10_000);
  try {
    const ready = await untilReady(options, output, exited);
    const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
    const dispose = async (): Promise<void> => void (await stop());
    return { name: options.name, pid, output, ready, exited, kill, stop, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await stop();
    throw error;
  }
}

function pidOf(child: ChildProcess, { name, command }: ProcessOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve(child.pid as number));
    child.once("error", (cause: NodeJS.ErrnoException) => {
      const why = cause.code === "ENOENT" ? `${command} is not installed, or cwd does not exist` : cause.message;
      reject(new ProcessError(`${name} cannot be started: ${why}`, undefined, { cause }));
    });
  });
}

function watchExit(child: ChildProcess, pid: number): Promise<ProcessExit> {
  const release = guardGroup(pid);
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return new Promise((resolve) => {
    child.once("exit", async (code, signal) => {
      const leftovers = groupMembers(pid);
      if (leftovers.length > 0) await killGroup(pid);
      release();
      // The last output may still be in the pipes. A descendant in a group of its own could hold them open for ever.
      await Promise.race([closed, delay(1000, undefined, { ref: false })]);
      resolve({ code, signal, leftovers });
    });
  });
}

async function killGroup(pid: number): Promise<void> {
  signalGroup(pid, "SIGKILL");
  await waitFor(() => groupMembers(pid).length === 0, { what: `process group ${pid} to be gone` });
}

async function stopGroup(
  child: ChildProcess,
  pid: number,
  exited: Promise<ProcessExit>,
  timeoutMs: number,
): Promise<ProcessExit> {
  if (child.exitCode !== null || child.signalCode !== null) return exited;
  child.kill("SIGTERM");
  child.kill("SIGCONT"); // A stopped process acts on SIGTERM only once it is continued.
  const abort = new AbortController();
  const overdue = delay(timeoutMs, undefined, { signal: abort.signal }).then(
    () => signalGroup(pid, "SIGKILL"),
    () => false,
  );
  const exit = await exited;
  abort.abort();
  await overdue;
  return exit;
}

async function untilReady(
  { name, ready, readyTimeoutMs = 30_000, signal }: ProcessOptions,
  output: Output,
  exited: Promise<ProcessExit>,
): Promise<RegExpExecArray | undefined> {
  if (ready === undefined) return undefined;
  const over = new AbortController();
  const given = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  const late = delay(readyTimeoutMs, "late" as const, { signal: given }).catch(() => "aborted" as const);
  const outcome = await Promise.race([signOf(ready, output, given), exited, late]).finally(() => over.abort());
  if (outcome === undefined || Array.isArray(outcome)) return outcome as RegExpExecArray | undefined;
  if (outcome === "aborted") throw new ProcessError(`${name} was stopped before it was ready`, undefined);
  const why =
    outcome === "late"
      ? `was not ready after ${readyTimeoutMs} ms`
      : `ended early (${outcome.signal ?? `code ${outcome.code}`})`;
  throw new ProcessError(`${name} ${why}`, output.text());
}

function signOf(ready: ReadySign, output: Output, signal: AbortSignal): Promise<RegExpExecArray | undefined> {
  if ("line" in ready) return output.line(ready.line);
  return firstTrue("url" in ready ? () => answers(ready.url, signal) : ready.until, signal);
}

/** Pending for ever once `signal` says that nobody waits any more. */
async function firstTrue(look: () => boolean | Promise<boolean>, signal: AbortSignal): Promise<undefined> {
  while (!(await look())) {
    if (signal.aborted) return new Promise(() => {});
    await delay(50);
  }
  return undefined;
}

async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, { signal });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

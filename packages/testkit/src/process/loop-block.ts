import { execFileSync } from "node:child_process";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { waitFor } from "../wait-for.ts";
import type { RunningProcess } from "./start-process.ts";

/** Blocks the event loop of one Node.js process. */
export interface LoopBlock extends AsyncDisposable {
  /** Goes before the program among Node's arguments: loads what blocks. */
  readonly nodeArgs: readonly string[];
  /**
   * From now on its event loop stands still, while its sockets and other threads live on; resolves once it does.
   * @throws Error when it does not within 10 s, as in a process that was started without `nodeArgs`, or when it has ended.
   */
  block(process: Pick<RunningProcess, "name" | "kill" | "exited">): Promise<void>;
  /** The loop goes on, as it does when the test runner ends. Harmless where nothing is blocked. */
  release(): Promise<void>;
}

/**
 * Makes a named pipe by which a process can be blocked.
 * @param path where nothing is yet; whoever owns the folder removes it.
 */
export function createLoopBlock(path: string): LoopBlock {
  execFileSync("mkfifo", [path]);
  const preload = new URL(`./block-on-signal.ts?${new URLSearchParams({ pipe: path })}`, import.meta.url);
  let writer: FileHandle | undefined;
  const release = async (): Promise<void> => {
    await writer?.close();
    writer = undefined;
  };
  return {
    nodeArgs: ["--import", preload.href],
    async block(process) {
      writer = await stillness(process, path);
    },
    release,
    [Symbol.asyncDispose]: release,
  };
}

async function stillness({ name, kill, exited }: Parameters<LoopBlock["block"]>[0], path: string): Promise<FileHandle> {
  let hasEnded = false;
  void exited.then(() => {
    hasEnded = true;
  });
  kill("SIGWINCH");
  const look = async (): Promise<FileHandle | "ended"> => (hasEnded ? "ended" : openForReader(path));
  const found = await waitFor(look, { what: `the event loop of ${name} to stand still`, intervalMs: 2 });
  if (found === "ended") throw new Error(`${name} has ended`);
  return found;
}

/** Fails (ENXIO) while nobody reads, where a plain open would hold one of this process's few threads. */
const openForReader = (path: string) => open(path, constants.O_WRONLY | constants.O_NONBLOCK);

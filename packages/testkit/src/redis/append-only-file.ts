import { execFile } from "node:child_process";
import { readdir, stat, truncate } from "node:fs/promises";
import { join } from "node:path";

/** The part of the append-only file that is being written, of a Redis of version 7 or newer. */
async function currentPart(dataDir: string): Promise<string> {
  const folder = join(dataDir, "appendonlydir");
  const parts = (await readdir(folder)).filter((name) => name.endsWith(".incr.aof"));
  const serial = (name: string) => Number(/\.(\d+)\.incr\.aof$/.exec(name)?.[1]);
  const last = parts.toSorted((left, right) => serial(left) - serial(right)).at(-1);
  if (last === undefined) throw new Error("this Redis keeps no append-only file: start it with appendOnly");
  return join(folder, last);
}

/** Bytes of the append-only file's last part. */
export async function appendOnlyBytes(dataDir: string): Promise<number> {
  return (await stat(await currentPart(dataDir))).size;
}

/** Leaves that many bytes of the append-only file's last part, as a disk does that never got the rest. */
export async function cutAppendOnlyFile(dataDir: string, bytes: number): Promise<void> {
  await truncate(await currentPart(dataDir), bytes);
}

/** Cuts off what is incomplete at its end, a transaction included, with the server's own tool (`redis-check-aof`). */
export async function repairAppendOnlyFile(dataDir: string, serverBinary: string): Promise<void> {
  const tool = serverBinary.replace(/-server$/, "-check-aof");
  const path = await currentPart(dataDir);
  await new Promise<void>((resolve, reject) => {
    const asking = execFile(tool, ["--fix", path], (error, output) => {
      if (error === null) resolve();
      else reject(new Error(`${tool} could not repair ${path}: ${output}`, { cause: error }));
    });
    asking.stdin?.on("error", () => {}); // A file that is whole asks nothing.
    asking.stdin?.end("y\n");
  });
}

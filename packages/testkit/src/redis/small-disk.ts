import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Makes a folder a disk of its own of that size (tmpfs: Linux, and root alone). */
export async function mountSmallDisk(folder: string, bytes: number): Promise<void> {
  await run("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder]);
}

/** Takes the disk away with what is on it, also while a process still has files on it. */
export async function unmountSmallDisk(folder: string): Promise<void> {
  await run("umount", ["--lazy", folder]);
}

/** Why no disk of limited size can be had, in one sentence; undefined when it can. */
export async function whyNoSmallDisk(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "small-disk-"));
  try {
    await mountSmallDisk(folder, 1 << 20);
    await unmountSmallDisk(folder);
    return undefined;
  } catch (error) {
    return `a disk of limited size needs root and tmpfs: ${(error as Error).message.trim()}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readlink, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./documents.ts";

const run = promisify(execFile);

/** The repository as a clone would have it after `npm ci`, in a folder of its own. */
export interface FreshCopy extends AsyncDisposable {
  readonly path: string;
}

/** Copies what git tracks or would track, as it is now; packages of others are links to those that are installed. */
export async function freshCopy(): Promise<FreshCopy> {
  const path = await mkdtemp(join(tmpdir(), "copy-"));
  const listed = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  const files = listed.stdout.split("\0").filter((file) => file !== "");
  for (const folder of new Set(files.map((file) => dirname(join(path, file)))))
    await mkdir(folder, { recursive: true });
  await Promise.all(files.map((file) => cp(join(ROOT, file), join(path, file)).catch(unlessDeleted)));
  await linkPackages(join(ROOT, "node_modules"), join(path, "node_modules"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

function unlessDeleted(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

/** A link to each package; the links to our own workspaces lead into the copy, as they are relative. */
async function linkPackages(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.name.startsWith("@")) await linkPackages(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (entry.isFile()) await cp(source, target);
    else await symlink(source, target);
  }
}

import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findProgram, isExecutable } from "@repl/testkit";
import type { AppName, Program } from "./system.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Stays on the machine, so that the next run finds its layers. */
const TAG = "localhost/repl-orchestrator:test";
const MAIN = (app: AppName) => `apps/${app}/src/main.ts`;

const run = async (command: string, ...args: string[]) =>
  (await promisify(execFile)(command, args, { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 })).stdout.trim();

/** What an image tells its runtime; names as in the Docker image format. */
interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Volumes: Readonly<Record<string, unknown>> | null;
  readonly Healthcheck?: unknown;
}

/** The image, built, with its root filesystem mounted. */
export interface BuiltImage extends AsyncDisposable {
  readonly config: ImageConfig;
  /** Where the root filesystem is. */
  readonly root: string;
  /** An app in the image's filesystem, which is read-only, as the image's user, with the image's environment and these settings. */
  program(app: AppName, env: Readonly<Record<string, string>>): Program;
}

/** Why no image can be built on this machine; undefined where it can, and with REQUIRE_ALL=1, so that the tests fail instead. */
export function missingBuilder(): string | undefined {
  if (process.env.REQUIRE_ALL === "1") return undefined;
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return "images are built and run as root on Linux alone";
  return ["buildah", "busybox"].every((name) => findProgram(name)) ? undefined : "buildah or busybox is missing";
}

/** Builds the image of a copy of the repository, in the folder `source`, and says what it tells its runtime. @throws Error with the builder's output */
export async function buildAndInspect(tag: string, source: string): Promise<ImageConfig> {
  await run(join(source, "script/image"), "--local-base", tag);
  return (JSON.parse(await run("buildah", "inspect", "--type", "image", tag)) as Inspected).Docker.config;
}

/** Builds the image over this machine's own Node.js and mounts it. @throws Error with the builder's output */
export async function buildImage(): Promise<BuiltImage> {
  const config = await buildAndInspect(TAG, ROOT);
  const container = await run("buildah", "from", TAG);
  const root = await run("buildah", "mount", container);
  const files = mkdtempSync(join(tmpdir(), "image-"));
  return {
    config,
    root,
    program: (app, env) => startIn(root, config, app, withReadableKubeconfig(env, files)),
    async [Symbol.asyncDispose]() {
      await run("buildah", "umount", container);
      await run("buildah", "rm", container);
      await rm(files, { recursive: true });
    },
  };
}

interface Inspected {
  readonly Docker: { readonly config: ImageConfig };
}

/** The image's user may not read what belongs to root, so it gets copies. */
function withReadableKubeconfig(env: Readonly<Record<string, string>>, files: string): Record<string, string> {
  chmodSync(files, 0o755);
  if (env.KUBECONFIG === undefined) return { ...env, FILES: files };
  const copy = join(files, "kubeconfig");
  copyFileSync(env.KUBECONFIG, copy);
  chmodSync(copy, 0o644);
  return { ...env, FILES: files, KUBECONFIG: "/tmp/kubeconfig" };
}

/** Runs in a mount namespace of its own; each step replaces the one before, so signals reach Node.js. */
const ENTER = `
root=$1 files=$2 directory=$3 user=$4 group=$5; shift 5
mount --rbind "$root" "$root"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind -o ro "$files" "$root/tmp"
mount -o remount,bind,ro "$root/tmp"
mount -o remount,bind,ro "$root"
exec unshare --root="$root" --wd="$directory" --setgid="$group" --setuid="$user" "$@"`;

function startIn(root: string, config: ImageConfig, app: AppName, settings: Record<string, string>): Program {
  const { FILES: files = "", ...env } = settings;
  const [user = "", group = ""] = config.User.split(":");
  const [name = "", ...entry] = config.Entrypoint;
  // `env` resolves the program by the image's PATH, which is that of this machine's folders up to the change of root.
  const path = config.Env.find((line) => line.startsWith("PATH="))?.slice("PATH=".length) ?? "";
  const program = path
    .split(":")
    .map((folder) => join(folder, name))
    .find((file) => isExecutable(join(root, file)));
  if (program === undefined) throw new Error(`${name} is in no folder of the image's PATH`);
  const args = ["--mount", "sh", "-euc", ENTER, "sh", root, files, config.WorkingDir, user, group];
  const values = [...config.Env, ...Object.entries(env).map(([key, value]) => `${key}=${value}`)];
  // The image has no shell and no env(1): the environment is set before, by absolute paths of this machine.
  return {
    command: "/usr/bin/env",
    args: ["-i", ...values, "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "unshare", ...args, program, ...entry, MAIN(app)],
    cwd: dirname(root),
    env: {},
  };
}

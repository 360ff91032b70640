import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg, totalmem } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Figure, Tool } from "../frame/figure.ts";

/** What one run of a benchmark gave, and on what. */
export interface Result {
  readonly name: string;
  readonly about: string;
  /** That prints the same figures. */
  readonly command: string;
  /** Processor, memory, versions, and how busy the machine was at the end. */
  readonly machine: string;
  /** The sources that were measured, `+` where they had changes beside it; missing in results from before it was kept. */
  readonly commit?: string;
  /** The day, as 2026-11-30. */
  readonly date?: string;
  readonly figures: readonly Figure[];
}

/** Where results, plots and flame graphs are kept. */
export const FOLDER = fileURLToPath(new URL("../../docs/performance", import.meta.url));
const RESULTS = join(FOLDER, "results");

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What each prints of itself, and where its version stands in that. */
const VERSIONS = {
  redis: () => /v=(\S+)/.exec(outputOf(process.env["REDIS_SERVER_BINARY"] ?? "redis-server", "--version")),
  go: () => /go(\d\S+)/.exec(outputOf("go", "version")),
  kubernetes: () =>
    /k8s\.io\/kubernetes v(\S+)/.exec(readFileSync(join(ROOT, "tools/testcluster/kubernetes/go.mod"), "utf8")),
} as const;
const NAMES = { redis: "Redis", go: "Go", kubernetes: "Kubernetes" } as const;

/** This machine, and what runs on it, in one line. */
export function describeMachine(uses: readonly Tool[] = []): string {
  const [{ model } = { model: "unknown processor" }, ...others] = cpus();
  const gigabytes = Math.round(totalmem() / 1024 ** 3);
  const versions = (["redis", ...uses] as const).map((tool) => `${NAMES[tool]} ${VERSIONS[tool]()?.[1] ?? "unknown"}`);
  const load = loadavg()[0]?.toFixed(1);
  const programs = [`Node.js ${process.versions.node}`, ...versions].join(", ");
  return `${others.length + 1} × ${model.trim()}, ${gigabytes} GB, ${programs}, load average ${load}`;
}

/** Which sources were measured, and when. */
export function describeSources(): { readonly commit: string; readonly date: string } {
  const commit = outputOf("git", "rev-parse", "--short", "HEAD").trim();
  const changed = outputOf("git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs").trim() !== "";
  const known = commit === "" ? "unknown" : `${commit}${changed ? "+" : ""}`;
  return { commit: known, date: new Date().toISOString().slice(0, 10) };
}

/** Nothing where there is no such program, or it fails: a measurement is not lost for that. */
function outputOf(command: string, ...args: readonly string[]): string {
  try {
    return execFileSync(command, args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return "";
  }
}

/** Keeps a result for the report, in place of the one before. */
export async function saveResult(result: Result): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(join(RESULTS, `${result.name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}

/** All kept results, by name. */
export async function readResults(): Promise<Result[]> {
  const files = (await readdir(RESULTS)).filter((file) => file.endsWith(".json")).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(RESULTS, basename(file)), "utf8")));
  return texts.map((read) => JSON.parse(read) as Result);
}

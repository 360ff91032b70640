import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg, totalmem } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Figure } from "../frame/figure.ts";

/** What one run of a benchmark gave, and on what. */
export interface Result {
  readonly name: string;
  readonly about: string;
  /** That prints the same figures. */
  readonly command: string;
  /** Processor, memory, Node.js, and how busy the machine was at the end. */
  readonly machine: string;
  readonly figures: readonly Figure[];
}

/** Where results, plots and flame graphs are kept. */
export const FOLDER = fileURLToPath(new URL("../../docs/performance", import.meta.url));
const RESULTS = join(FOLDER, "results");

/** This machine in one line. */
export function describeMachine(): string {
  const [{ model } = { model: "unknown processor" }, ...others] = cpus();
  const gigabytes = Math.round(totalmem() / 1024 ** 3);
  const load = loadavg()[0]?.toFixed(1);
  return `${others.length + 1} × ${model.trim()}, ${gigabytes} GB, Node.js ${process.versions.node}, load average ${load}`;
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

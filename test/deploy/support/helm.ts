import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { K8S, type Manifest, parseManifests, parseOldManifests } from "./kustomize.ts";

const run = promisify(execFile);
const WHERE = fileURLToPath(new URL("../../../tools/helm/where", import.meta.url));
/** The release that the manifests under k8s/base are the same as. */
const RELEASE = "repl-orchestrator";

export const CHART = join(K8S, "chart");

/** Why helm cannot be run now, in one sentence; undefined when it can. */
export async function whyNoHelm(): Promise<string | undefined> {
  try {
    await run(WHERE);
    return undefined;
  } catch {
    return "helm is not built: run tools/helm/build (needs Go, some minutes once)";
  }
}

/** Runs helm. @throws Error with what it wrote when it fails */
async function helm(...args: readonly string[]): Promise<string> {
  const path = (await run(WHERE)).stdout.trim();
  const folder = await mkdtemp(join(tmpdir(), "helm-")); // Instead of the developer's own repositories and plugins.
  try {
    const env = {
      PATH: process.env["PATH"],
      HELM_CACHE_HOME: folder,
      HELM_CONFIG_HOME: folder,
      HELM_DATA_HOME: folder,
    };
    return (await run(path, args, { env, maxBuffer: 16 << 20 })).stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What the chart makes of values. */
export function template(values: object): Promise<Manifest[]> {
  return withValues(values, async (path) =>
    parseManifests(await helm("template", RELEASE, CHART, "--namespace", RELEASE, "--values", path)),
  );
}

/** The same for a release of another name in a namespace of that name, read as Kubernetes reads it. */
export function templateNamed(release: string, values: object): Promise<Manifest[]> {
  return withValues(values, async (path) =>
    parseOldManifests(await helm("template", release, CHART, "--namespace", release, "--values", path)),
  );
}

/** What the chart makes of a file of values. */
export async function templateFile(path: string): Promise<Manifest[]> {
  return parseManifests(await helm("template", RELEASE, CHART, "--namespace", RELEASE, "--values", path));
}

/** What the chart says to whoever has installed it with these values. */
export function notes(values: object): Promise<string> {
  const dryRun = ["install", RELEASE, CHART, "--namespace", RELEASE, "--dry-run=client", "--values"];
  return withValues(values, async (path) => (await helm(...dryRun, path)).split("\nNOTES:\n")[1] ?? "");
}

/** `helm lint`. @throws Error with what it found */
export function lint(values: object): Promise<string> {
  return withValues(values, (path) => helm("lint", "--strict", CHART, "--values", path));
}

async function withValues<Result>(values: object, use: (path: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "values-"));
  const path = join(folder, "values.json");
  try {
    await writeFile(path, JSON.stringify(values));
    return await use(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

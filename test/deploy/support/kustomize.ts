import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse, parseAllDocuments } from "yaml";

const run = promisify(execFile);
const MAX_BYTES = 16 << 20;

/** The repository's `k8s`. */
export const K8S = fileURLToPath(new URL("../../../k8s", import.meta.url));
const TOOLS = fileURLToPath(new URL("../../../tools", import.meta.url));

/** Any object of Kubernetes. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the manifests say.
  readonly [field: string]: any;
}

/** What a kustomization of a test's own says; folders below `k8s`. */
export interface Composition {
  readonly resources: readonly string[];
  readonly components?: readonly string[];
  /** Further fields of the kustomization. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** The objects of a folder with a kustomization, in kustomize's order. */
export async function kustomize(folder: string): Promise<Manifest[]> {
  const { stdout } = await run(await kubectlPath(), ["kustomize", folder], { maxBuffer: MAX_BYTES });
  return parseManifests(stdout);
}

/** The objects of an overlay to whose own components some were added, as its comments offer. */
export async function withComponents(overlay: string, components: readonly string[]): Promise<Manifest[]> {
  const folder = await mkdtemp(join(K8S, "overlays/tmp-")); // What it names lies relative to it.
  try {
    await cp(join(K8S, "overlays", overlay), folder, { recursive: true });
    const path = join(folder, "kustomization.yaml");
    const kustomization = parse(await readFile(path, "utf8"));
    const added = components.map((name) => `../../components/${name}`);
    const all = [...kustomization.components, ...added];
    await writeFile(path, JSON.stringify({ ...kustomization, components: all }));
    return await kustomize(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The same of a kustomization that is made for the call, as an operator's own overlay would be. */
export async function compose({ resources, components = [], more = {} }: Composition): Promise<Manifest[]> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), "overlay-")); // Kustomize follows links.
  const path = (name: string) => relative(folder, join(K8S, name));
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    resources: resources.map(path),
    components: components.map((name) => path(`components/${name}`)),
    ...more,
  };
  try {
    await writeFile(join(folder, "kustomization.yaml"), JSON.stringify(kustomization));
    return await kustomize(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The documents of a YAML file, those that are empty left out. */
export function parseManifests(text: string): Manifest[] {
  return parseVersion("1.2", text);
}

/** The same as Kubernetes and Helm read it: `on` is a boolean there. */
export function parseOldManifests(text: string): Manifest[] {
  return parseVersion("1.1", text);
}

function parseVersion(version: "1.1" | "1.2", text: string): Manifest[] {
  return parseAllDocuments(text, { version })
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** The one object of that kind and name. @throws Error when there is none */
export function find(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

async function kubectlPath(): Promise<string> {
  return join((await run(join(TOOLS, "testcluster/where"))).stdout.trim(), "kubectl");
}

import type { Manifest } from "./kustomize.ts";

/** Kustomize's hash of a generated ConfigMap's or Secret's content. */
const CONTENT_HASH = /-[0-9a-z]{10}$/;
/** What tells a chart's pods that their settings changed; kustomize changes the ConfigMap's name for that. */
const CHECKSUM = /^checksum\//;

/** Labels that only a release can have. */
const OF_THE_RELEASE = new Set([
  "app.kubernetes.io/instance",
  "app.kubernetes.io/version",
  "app.kubernetes.io/managed-by",
  "helm.sh/chart",
]);

/** Manifests so that those of kustomize and of helm can be compared: what each adds by its nature left out, sorted. */
export function normalForm(manifests: readonly Manifest[]): Manifest[] {
  const generated = new Map(
    manifests
      .filter(({ kind, metadata }) => isGenerated(kind) && CONTENT_HASH.test(metadata.name))
      .map(({ metadata: { name } }) => [name, name.replace(CONTENT_HASH, "")]),
  );
  return manifests
    .map((manifest) => normalize(manifest, generated) as Manifest)
    .sort((left, right) => keyOf(left).localeCompare(keyOf(right)));
}

/** What an object is called in an error: kind, namespace, name. */
export function keyOf({ kind, metadata: { namespace = "", name } }: Manifest): string {
  return `${kind} ${namespace}/${name}`;
}

function isGenerated(kind: string): boolean {
  return kind === "ConfigMap" || kind === "Secret";
}

/** Long conditions are folded differently by the two; blanks between their words mean nothing. */
function normalize(value: unknown, generated: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => normalize(item, generated));
  if (typeof value === "string") return generated.get(value) ?? value.replace(/\s+/g, " ").trim();
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key]) => !CHECKSUM.test(key) && key !== "helm.sh/resource-policy" && key !== "imagePullPolicy")
    .filter(([key]) => !OF_THE_RELEASE.has(key))
    .map(([key, inner]) => [key, normalize(inner, generated)] as const)
    .filter(([key, inner]) => !(key === "annotations" && isEmpty(inner)));
  return Object.fromEntries(entries);
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

import { createHash } from "node:crypto";
import type { KubeObject } from "@repl/kube";
import { at, isObject, type JsonObject } from "../json.ts";
import { ruleOf } from "../kinds.ts";
import { MANIFEST_HASH } from "../labels.ts";

/** A rendered manifest, complete but for its owner reference. */
export interface Manifest extends KubeObject {
  readonly metadata: KubeObject["metadata"] & {
    readonly labels: Record<string, string>;
    readonly annotations: Record<string, string>;
  };
}

/**
 * A document as a manifest: the namespace (none for what lives in none), the labels and the hash of all of it stamped on it
 * and on its pods.
 */
export function stamp(
  document: KubeObject,
  labels: Readonly<Record<string, string>>,
  namespace: string | undefined,
): Manifest {
  const place = namespace === undefined ? {} : { namespace };
  const metadata = { ...document.metadata, ...place, labels: { ...document.metadata.labels, ...labels } };
  const manifest = { ...document, metadata: { ...metadata, annotations: { ...metadata.annotations } } };
  return withHash(changePods(manifest, (pods) => ({ ...pods, labels: { ...objectAt(pods, "labels"), ...labels } })));
}

function withHash(manifest: Manifest): Manifest {
  const hash = createHash("sha256").update(JSON.stringify(manifest)).digest("hex").slice(0, 16);
  const annotate = (metadata: JsonObject) => ({
    ...metadata,
    annotations: { ...objectAt(metadata, "annotations"), [MANIFEST_HASH]: hash },
  });
  const annotated = {
    ...manifest,
    metadata: annotate(manifest.metadata as JsonObject) as unknown as Manifest["metadata"],
  };
  return changePods(annotated, annotate);
}

/** A copy of the manifest with other metadata for its pods; the manifest itself where its kind has none. */
function changePods(manifest: Manifest, change: (metadata: JsonObject) => JsonObject): Manifest {
  const path = ruleOf(manifest).podTemplate;
  return path.length === 0 ? manifest : (changeAt(manifest, [...path, "metadata"], change) as Manifest);
}

function changeAt(
  tree: unknown,
  [step, ...rest]: readonly string[],
  change: (found: JsonObject) => JsonObject,
): unknown {
  const found = isObject(tree) ? tree : {};
  return step === undefined ? change(found) : { ...found, [step]: changeAt(found[step], rest, change) };
}

function objectAt(tree: unknown, key: string): JsonObject {
  const found = at(tree, key);
  return isObject(found) ? found : {};
}

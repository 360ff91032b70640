import type { KubeObject } from "@repl/kube";
import { at, isObject } from "../json.ts";
import { ruleOf } from "../kinds.ts";
import type { Manifest } from "../render/render.ts";

/**
 * What to PUT in place of a resource of ours: the manifest, tied to the very resource that was read (uid and
 * resourceVersion), with what others wrote into its metadata and what the cluster chose for it.
 */
export function replacement(manifest: Manifest, live: KubeObject): Manifest {
  const { uid, resourceVersion, finalizers } = live.metadata;
  const metadata = {
    ...manifest.metadata,
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(finalizers === undefined ? {} : { finalizers }),
    labels: { ...live.metadata.labels, ...manifest.metadata.labels },
    annotations: { ...live.metadata.annotations, ...manifest.metadata.annotations },
  };
  const { spec } = manifest;
  return { ...manifest, metadata, ...(isObject(spec) ? { spec: { ...chosen(manifest, live), ...spec } } : {}) };
}

function chosen(manifest: Manifest, live: KubeObject): Record<string, unknown> {
  const entries = ruleOf(manifest).chosenByCluster.map((field) => [field, at(live, "spec", field)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

import type { KubeObject } from "@repl/kube";
import { at, isObject, listAt } from "../json.ts";
import { ruleOf } from "../kinds.ts";
import { MANAGED_BY } from "../labels.ts";
import type { Manifest } from "../render/stamp.ts";

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
    labels: { ...ofOthers(live, "labels"), ...manifest.metadata.labels },
    annotations: { ...ofOthers(live, "annotations"), ...manifest.metadata.annotations },
  };
  const { spec } = manifest;
  return { ...manifest, metadata, ...(isObject(spec) ? { spec: { ...chosen(manifest, live), ...spec } } : {}) };
}

/**
 * Labels or annotations but those that this service wrote itself, as the server's own book (`managedFields`) has it: what
 * left the template leaves the resource. Where no book is kept, all of them are somebody else's.
 */
function ofOthers({ metadata }: KubeObject, field: "labels" | "annotations"): Record<string, string> {
  const own = listAt(metadata, "managedFields").filter((entry) => at(entry, "manager") === MANAGED_BY);
  const isOwn = (key: string) => own.some((entry) => at(entry, "fieldsV1", "f:metadata", `f:${field}`, `f:${key}`));
  return Object.fromEntries(Object.entries(metadata[field] ?? {}).filter(([key]) => !isOwn(key)));
}

function chosen(manifest: Manifest, live: KubeObject): Record<string, unknown> {
  const entries = ruleOf(manifest).chosenByCluster.map((field) => [field, at(live, "spec", field)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

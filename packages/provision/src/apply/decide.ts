import { isTerminating, type KubeObject } from "@repl/kube";
import { isObject } from "../json.ts";
import { ruleOf } from "../kinds.ts";
import { LABELS, MANAGED_BY } from "../labels.ts";
import type { Manifest } from "../render/stamp.ts";
import { readWorkload } from "../wait/workload.ts";
import { matches } from "./matches.ts";

/**
 * What to do where a resource of the wanted name is there already.
 * `keep`: it is as wanted. `replace` and `recreate`: it is ours and differs. `wait`: it is on its way out.
 * `refuse`: it is someone else's. Whether this attempt may still write is asked before each write, not here.
 */
export type Decision = "keep" | "replace" | "recreate" | "wait" | "refuse";

/** The 409 rule; see the table of kinds for what differs between them. */
export function decide(manifest: Manifest, live: KubeObject): Decision {
  if (!isOurs(manifest, live)) return "refuse";
  if (isTerminating(live)) return "wait";
  if (hasFailed(live)) return "recreate";
  if (isAsWanted(manifest, live)) return "keep";
  const { onDifference } = ruleOf(manifest);
  if (onDifference === "keep") return "keep";
  return onDifference === "update" && !isStuck(live) ? "replace" : "recreate";
}

/** Whether a resource was made by this service for the same repl (or for none) and user; its generation may differ. */
export function isOurs(manifest: Manifest, live: KubeObject): boolean {
  const label = (object: KubeObject, name: string) => object.metadata.labels?.[name];
  return (
    label(live, LABELS.managedBy) === MANAGED_BY &&
    label(live, LABELS.repl) === label(manifest, LABELS.repl) &&
    label(live, LABELS.user) === label(manifest, LABELS.user)
  );
}

/** A Job that failed never runs again: as it is, every further start of its repl would fail by it. */
function hasFailed(live: KubeObject): boolean {
  return live.kind === "Job" && readWorkload(live).failing.length > 0;
}

/**
 * The controller of a StatefulSet waits for a pod that is not ready before it replaces it, however long that takes (kubernetes,
 * pkg/controller/statefulset): a replaced one would go on with the pod of its old template. Its claims survive a new one.
 */
function isStuck(live: KubeObject): boolean {
  return live.kind === "StatefulSet" && !readWorkload(live).ready;
}

/** Its annotations hold the hash, which tells that a field was removed; the rest, that somebody changed the resource. */
function isAsWanted(manifest: Manifest, live: KubeObject): boolean {
  const { uid: _uid, resourceVersion: _version, ...metadata } = manifest.metadata;
  return matches({ ...asAnswered(manifest), metadata }, live) && hasNothingMore(manifest, live);
}

function hasNothingMore(manifest: Manifest, live: KubeObject): boolean {
  const { completed } = ruleOf(manifest);
  return completed === undefined || matches(live.spec, completed(isObject(manifest.spec) ? manifest.spec : {}));
}

/** A Secret's `stringData` can only be written: the server answers it in `data`, as base64. */
function asAnswered({ stringData, ...manifest }: Manifest): KubeObject {
  if (!isObject(stringData)) return manifest;
  const encode = (text: unknown) => Buffer.from(String(text)).toString("base64");
  const encoded = Object.entries(stringData).map(([key, text]) => [key, encode(text)] as const);
  return { ...manifest, data: { ...(isObject(manifest.data) ? manifest.data : {}), ...Object.fromEntries(encoded) } };
}

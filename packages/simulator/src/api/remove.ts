import { notFound, preconditionFailed, resourceName } from "../errors/errors.ts";
import type { Kind } from "../kinds/kind.ts";
import { namespaces } from "../kinds/namespace.ts";
import { pods } from "../kinds/pod.ts";
import { asFields, type KubeObject, keyOf, type ObjectKey, timestamp } from "../objects/object.ts";
import { type Cluster, read } from "./cluster.ts";

export type Propagation = "Foreground" | "Background" | "Orphan";

/** What a DELETE asks for. Grace in seconds; zero removes a pod at once. */
export interface RemoveOptions {
  readonly dryRun?: boolean;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagation?: Propagation;
  readonly graceSeconds?: number;
}

/** What became of it: `gone` now, or still there with a deletionTimestamp. */
export interface Removal {
  readonly object: KubeObject;
  readonly gone: boolean;
}

function checkPreconditions(kind: Kind, { metadata }: KubeObject, options: RemoveOptions): void {
  const { uid, resourceVersion } = options;
  if (uid !== undefined && uid !== metadata.uid)
    throw preconditionFailed(
      kind,
      metadata.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw preconditionFailed(
      kind,
      metadata.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
}

const isOver = (pod: KubeObject): boolean => ["Succeeded", "Failed"].includes(String(asFields(pod.status)["phase"]));

/** Only a pod that was given to a node is stopped gracefully: the node confirms its end. */
function graceOf(kind: Kind, object: KubeObject, options: RemoveOptions) {
  const spec = asFields(object.spec);
  if (kind !== pods || !spec["nodeName"] || isOver(object)) return 0;
  return options.graceSeconds ?? Number(spec["terminationGracePeriodSeconds"] ?? 30);
}

function finalizersFor(object: KubeObject, propagation: Propagation): readonly string[] {
  const others = (object.metadata.finalizers ?? []).filter(
    (name) => name !== "orphan" && name !== "foregroundDeletion",
  );
  if (propagation === "Orphan") return [...others, "orphan"];
  if (propagation === "Foreground") return [...others, "foregroundDeletion"];
  return others;
}

function marked(object: KubeObject, finalizers: readonly string[], graceSeconds: number): KubeObject {
  const { finalizers: _, ...metadata } = object.metadata;
  const { generation } = metadata;
  const at = new Date(Date.now() + graceSeconds * 1000);
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(generation === undefined ? {} : { generation: generation + 1 }),
      ...(finalizers.length > 0 ? { finalizers } : {}),
      deletionTimestamp: timestamp(at),
      deletionGracePeriodSeconds: graceSeconds,
    },
  };
}

/** A namespace stays, Terminating, until the namespace controller has emptied it. */
function removeNamespace(cluster: Cluster, current: KubeObject): Removal {
  const { metadata } = marked(current, current.metadata.finalizers ?? [], 0);
  const { deletionGracePeriodSeconds: _, ...rest } = metadata;
  const object = cluster.store.put(resourceName(namespaces), {
    ...current,
    metadata: rest,
    status: { ...asFields(current.status), phase: "Terminating" },
  });
  return { object, gone: false };
}

/**
 * Deletes an object, or marks it where finalizers or a node still hold it. Deleting what is being deleted changes nothing.
 * @throws ApiError 404 when there is none, 409 when a precondition does not hold.
 */
export function removeObject(cluster: Cluster, kind: Kind, key: ObjectKey, options: RemoveOptions = {}): Removal {
  const current = read(cluster, kind, key);
  if (current === undefined) throw notFound(kind, key.name);
  checkPreconditions(kind, current, options);
  if (options.dryRun) return { object: current, gone: true };
  const deleting = current.metadata.deletionTimestamp !== undefined;
  const grace = graceOf(kind, current, options);
  const finalizers = deleting
    ? (current.metadata.finalizers ?? [])
    : finalizersFor(current, options.propagation ?? kind.propagation);
  if (kind === namespaces) return deleting ? { object: current, gone: false } : removeNamespace(cluster, current);
  if (finalizers.length === 0 && grace === 0) return drop(cluster, kind, current);
  if (deleting) return { object: current, gone: false };
  const object = marked(current, finalizers, grace);
  return {
    object: cluster.store.put(resourceName(kind), object),
    gone: false,
  };
}

function drop(cluster: Cluster, kind: Kind, current: KubeObject): Removal {
  cluster.store.remove(resourceName(kind), keyOf(current));
  return { object: current, gone: true };
}

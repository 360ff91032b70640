import { isDeepStrictEqual } from "node:util";
import { immutable } from "../errors/causes.ts";
import { conflict, invalid, notFound, resourceName } from "../errors/errors.ts";
import type { Kind } from "../kinds/kind.ts";
import { checkMetadata } from "../kinds/names.ts";
import { keepClusterIp, services } from "../kinds/service.ts";
import { cloneJson } from "../objects/clone.ts";
import { type KubeObject, keyOf, type ObjectKey } from "../objects/object.ts";
import { recordUpdate } from "../patch/managed-fields.ts";
import { type Cluster, read, type WriteOptions } from "./cluster.ts";

/** Makes the wanted object from the current one; what it returns is the caller's own copy. */
export type Produce = (current: KubeObject) => KubeObject;

function checkIdentity(kind: Kind, next: KubeObject, current: KubeObject) {
  const { uid, resourceVersion } = next.metadata;
  if (resourceVersion && resourceVersion !== current.metadata.resourceVersion)
    throw conflict(kind, current.metadata.name);
  if (uid && uid !== current.metadata.uid) throw invalid(kind, current.metadata.name, [immutable("metadata.uid", uid)]);
}

/** What a client may not set comes from the current object. */
function carriedMetadata(next: KubeObject, current: KubeObject): KubeObject["metadata"] {
  const now = current.metadata;
  const wanted = next.metadata;
  const { labels, annotations, ownerReferences, finalizers } = wanted;
  const managedFields = wanted.managedFields ?? now.managedFields;
  return {
    name: now.name,
    ...(now.generateName ? { generateName: now.generateName } : {}),
    ...(now.namespace ? { namespace: now.namespace } : {}),
    uid: now.uid,
    resourceVersion: now.resourceVersion,
    ...(now.generation === undefined ? {} : { generation: now.generation }),
    creationTimestamp: now.creationTimestamp,
    ...(now.deletionTimestamp === undefined
      ? {}
      : {
          deletionTimestamp: now.deletionTimestamp,
          deletionGracePeriodSeconds: now.deletionGracePeriodSeconds ?? 0,
        }),
    ...(labels ? { labels } : {}),
    ...(annotations ? { annotations } : {}),
    ...(ownerReferences?.length ? { ownerReferences } : {}),
    ...(finalizers?.length ? { finalizers } : {}),
    ...(managedFields ? { managedFields } : {}),
  };
}

/** A status write changes the status alone, any other write everything but the status. */
function mergeParts(kind: Kind, next: KubeObject, current: KubeObject, options: WriteOptions): KubeObject {
  if (options.subresource === "binding") return { ...current, spec: next.spec, status: next.status };
  const metadata = carriedMetadata(next, current);
  if (options.subresource === "status")
    return {
      ...current,
      metadata: {
        ...current.metadata,
        ...(metadata.annotations ? { annotations: metadata.annotations } : {}),
        ...(metadata.managedFields ? { managedFields: metadata.managedFields } : {}),
      },
      status: next.status,
    };
  const { kind: kindName, apiVersion, metadata: _, ...rest } = next;
  const merged: KubeObject = { kind: kindName, apiVersion, metadata, ...rest };
  if (kind.status) merged.status = cloneJson(current.status);
  if (kind === services) keepClusterIp(merged, current);
  kind.fillDefaults(merged);
  return merged;
}

const specOf = ({
  kind: _kind,
  apiVersion: _version,
  metadata: _metadata,
  status: _status,
  ...rest
}: KubeObject): unknown => rest;

function withGeneration(kind: Kind, next: KubeObject, current: KubeObject): KubeObject {
  if (!kind.generation || isDeepStrictEqual(specOf(next), specOf(current))) return next;
  const generation = (current.metadata.generation ?? 0) + 1;
  return { ...next, metadata: { ...next.metadata, generation } };
}

/** An object that waits for its finalizers goes when the last one does. */
const isReleased = (object: KubeObject): boolean =>
  object.metadata.deletionTimestamp !== undefined &&
  (object.metadata.finalizers ?? []).length === 0 &&
  (object.metadata.deletionGracePeriodSeconds ?? 0) === 0;

/**
 * Replaces an object by what `produce` makes of it. A change of nothing writes nothing and keeps the resourceVersion.
 * @throws ApiError 404, 409 or 422.
 */
export function updateObject(
  cluster: Cluster,
  kind: Kind,
  key: ObjectKey,
  produce: Produce,
  options: WriteOptions = {},
): KubeObject {
  const current = read(cluster, kind, key);
  if (current === undefined) throw notFound(kind, key.name);
  const wanted = produce(current);
  checkIdentity(kind, wanted, current);
  const merged = mergeParts(kind, wanted, current, options);
  const next = options.subresource === undefined ? withGeneration(kind, merged, current) : merged;
  const causes = [...checkMetadata(next, kind.nameRule), ...kind.validate(next), ...kind.validateUpdate(next, current)];
  if (causes.length > 0) throw invalid(kind, key.name, causes);
  const managed = recordUpdate(cluster, kind, next, current, options);
  return commit(cluster, kind, managed, current, options);
}

function commit(
  cluster: Cluster,
  kind: Kind,
  next: KubeObject,
  current: KubeObject,
  options: WriteOptions,
): KubeObject {
  if (options.dryRun) return next;
  const resource = resourceName(kind);
  if (isReleased(next) && !isReleased(current)) {
    cluster.store.remove(resource, keyOf(next));
    return next;
  }
  return isDeepStrictEqual(next, current) ? current : cluster.store.put(resource, next);
}

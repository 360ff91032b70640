import { read, readAll } from "../api/cluster.ts";
import { removeObject } from "../api/remove.ts";
import { updateObject } from "../api/update.ts";
import type { Kind } from "../kinds/kind.ts";
import { cloneJson } from "../objects/clone.ts";
import { type KubeObject, keyOf } from "../objects/object.ts";
import type { Change } from "../storage/journal.ts";
import { type ControllerContext, onChange } from "./controller.ts";

/** A dependent: where it is, so that it can be read afresh. */
interface Dependent {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

const FOREGROUND = "foregroundDeletion";
const ORPHAN = "orphan";

const hasFinalizer = ({ metadata }: KubeObject, name: string): boolean => metadata.finalizers?.includes(name) ?? false;

const isDeleting = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;

/**
 * Deletes what has lost all its owners (told apart by uid), carries out foreground deletion, and frees dependents where they shall be
 * orphaned. An owner in another namespace counts as absent, as it does for the real collector.
 */
export function startGarbageCollector(context: ControllerContext): void {
  const { cluster, runtime } = context;
  const live = new Map<string, Dependent>();
  const dependents = new Map<string, Map<string, Dependent>>();

  const note = (kind: Kind, { type, object, previous }: Change): void => {
    const { uid, namespace = "", name } = object.metadata;
    const place = { kind, namespace, name };
    for (const owner of previous?.metadata.ownerReferences ?? []) dependents.get(owner.uid)?.delete(uid);
    if (type === "DELETED") live.delete(uid);
    else live.set(uid, place);
    for (const owner of object.metadata.ownerReferences ?? []) {
      if (type === "DELETED") continue;
      const known = dependents.get(owner.uid) ?? new Map<string, Dependent>();
      dependents.set(owner.uid, known.set(uid, place));
    }
  };

  const readByUid = (uid: string) => {
    const place = live.get(uid);
    const object = place && read(cluster, place.kind, place);
    return object?.metadata.uid === uid && place ? { object, kind: place.kind } : undefined;
  };

  const dependentsOf = (uid: string) =>
    [...(dependents.get(uid)?.keys() ?? [])].map(readByUid).filter((found) => found !== undefined);

  const ownerStays = (object: KubeObject, uid: string): boolean => {
    const owner = readByUid(uid)?.object;
    if (owner === undefined) return false;
    const { namespace = "" } = owner.metadata;
    return namespace === "" || namespace === object.metadata.namespace;
  };

  /** Deletes an object none of whose owners exists any more. */
  const collect = (kind: Kind, object: KubeObject): void => {
    const owners = object.metadata.ownerReferences ?? [];
    if (owners.length === 0 || isDeleting(object)) return;
    if (owners.some((owner) => ownerStays(object, owner.uid))) return;
    removeObject(cluster, kind, keyOf(object), {
      uid: object.metadata.uid,
      propagation: "Background",
    });
  };

  const release = (kind: Kind, object: KubeObject, finalizer: string): void => {
    updateObject(cluster, kind, keyOf(object), (current) => ({
      ...cloneJson(current),
      metadata: {
        ...current.metadata,
        finalizers: (current.metadata.finalizers ?? []).filter((name) => name !== finalizer),
      },
    }));
  };

  const orphan = (uid: string): void => {
    for (const { kind, object } of dependentsOf(uid))
      updateObject(cluster, kind, keyOf(object), (current) => ({
        ...cloneJson(current),
        metadata: {
          ...current.metadata,
          ownerReferences: (current.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid),
        },
      }));
  };

  /** Deletes the dependents, and says whether some that block still stand. */
  const foreground = (uid: string): boolean => {
    for (const { kind, object } of dependentsOf(uid)) {
      const others = (object.metadata.ownerReferences ?? []).filter(
        (owner) => owner.uid !== uid && ownerStays(object, owner.uid),
      );
      if (others.length === 0 && !isDeleting(object))
        removeObject(cluster, kind, keyOf(object), {
          propagation: "Foreground",
        });
    }
    return dependentsOf(uid).some(({ object }) =>
      object.metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion),
    );
  };

  const queue = runtime.queue((uid: string) => {
    const found = readByUid(uid);
    if (found === undefined) {
      for (const { kind, object } of dependentsOf(uid)) collect(kind, object);
      return undefined;
    }
    const { kind, object } = found;
    collect(kind, object);
    if (!isDeleting(object)) return undefined;
    if (hasFinalizer(object, ORPHAN)) {
      orphan(uid);
      release(kind, object, ORPHAN);
    } else if (hasFinalizer(object, FOREGROUND) && !foreground(uid)) release(kind, object, FOREGROUND);
    return undefined;
  });

  /** Owners wait for the end of their dependents; dependents for that of their owners. */
  const concerns = (change: Change): void => {
    const { metadata } = change.object;
    queue.add(metadata.uid);
    if (change.type === "DELETED") for (const owner of metadata.ownerReferences ?? []) queue.add(owner.uid);
  };

  for (const kind of cluster.kinds.all) {
    for (const object of readAll(cluster, kind))
      note(kind, {
        type: "ADDED",
        resource: "",
        revision: 0,
        object,
        previous: undefined,
      });
    onChange(context, kind, (change) => {
      note(kind, change);
      if (needsLook(change)) concerns(change);
    });
  }
}

/** Most changes (a status, an event) concern nobody's lifetime. */
function needsLook({ type, object }: Change): boolean {
  if (type === "DELETED") return true;
  if (object.metadata.deletionTimestamp !== undefined) return true;
  return (object.metadata.ownerReferences ?? []).length > 0 && type === "ADDED";
}

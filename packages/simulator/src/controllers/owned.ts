import { read, readAll } from "../api/cluster.ts";
import { apiVersionOf, type Kind } from "../kinds/kind.ts";
import { controllerOf, type KubeObject, type OwnerReference } from "../objects/object.ts";
import { type ControllerContext, flatKey, onChange, unflat } from "./controller.ts";
import type { WorkQueue } from "./runtime.ts";

/** The reference a controller puts on what it creates. */
export const ownedBy = (kind: Kind, owner: KubeObject): OwnerReference => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

/** Dependents by the uid of their controlling owner, kept up to date by events: look-ups cost what they find. */
export interface OwnedIndex {
  of(owner: KubeObject): readonly KubeObject[];
}

export function indexByOwner(context: ControllerContext, kind: Kind): OwnedIndex {
  const byOwner = new Map<string, Set<string>>();
  const note = (object: KubeObject, present: boolean): void => {
    const owner = controllerOf(object)?.uid;
    if (owner === undefined) return;
    const keys = byOwner.get(owner) ?? new Set();
    if (present) keys.add(flatKey(object));
    else keys.delete(flatKey(object));
    if (keys.size > 0) byOwner.set(owner, keys);
    else byOwner.delete(owner);
  };
  for (const object of readAll(context.cluster, kind)) note(object, true);
  onChange(context, kind, ({ type, object, previous }) => {
    if (previous !== undefined) note(previous, false);
    if (type !== "DELETED") note(object, true);
  });
  return {
    of: (owner) =>
      [...(byOwner.get(owner.metadata.uid) ?? [])]
        .map((key) => read(context.cluster, kind, unflat(key)))
        .filter((object) => object !== undefined),
  };
}

/** Queues the owner (of a given kind name) whenever one of its dependents changes. */
export function queueOwner(
  context: ControllerContext,
  dependents: Kind,
  ownerKind: string,
  queue: WorkQueue<string>,
): void {
  onChange(context, dependents, ({ object }) => {
    const owner = controllerOf(object);
    if (owner?.kind === ownerKind) queue.add(`${object.metadata.namespace ?? ""}/${owner.name}`);
  });
}

import type { KubeObject } from "../kube-object.ts";
import type { Change, ObjectStore } from "./reflector-types.ts";

/** The store from the side that fills it. */
export interface FillableStore<T> {
  readonly store: ObjectStore<T>;
  /** What is held of a resource. */
  read(object: KubeObject): Held<T>;
  /** ADDED or MODIFIED; undefined when the store has this very version already. */
  put(held: Held<T>): Change<T> | undefined;
  /** DELETED; undefined when the store never knew it. */
  remove(held: Held<T>): Change<T> | undefined;
  /**
   * Everything there is, after a LIST. What is no longer there yields a deletion with what was known of it last. By uid:
   * a resource that was deleted and created anew in between is one deletion and one addition, deletions first.
   */
  replaceAll(all: readonly Held<T>[]): Change<T>[];
}

/** As much of a resource as is held. */
interface Held<T> {
  readonly uid: string;
  readonly kept: T;
  readonly key: string | undefined;
  readonly resourceVersion: string | undefined;
}

/** Builds an empty store. */
export function createObjectStore<T>(
  keep: (object: KubeObject) => T,
  indexBy: (object: KubeObject) => string | undefined = () => undefined,
): FillableStore<T> {
  const held = new Map<string, Held<T>>();
  const index = new Map<string, Set<string>>();

  function put(after: Held<T>): Change<T> | undefined {
    const { uid, resourceVersion } = after;
    const before = held.get(uid);
    if (before !== undefined && before.resourceVersion === resourceVersion) {
      return undefined;
    }
    held.set(uid, after);
    move(index, uid, before?.key, after.key);
    return before === undefined
      ? { type: "added", uid, object: after.kept }
      : {
          type: "modified",
          uid,
          object: after.kept,
          previous: before.kept,
        };
  }

  function drop(uid: string, last?: Held<T>): Change<T> | undefined {
    const before = held.get(uid);
    if (before === undefined) return undefined;
    held.delete(uid);
    move(index, uid, before.key, undefined);
    return { type: "deleted", uid, object: (last ?? before).kept, previous: before.kept };
  }

  return {
    store: readSide(held, index),
    read: (object) => ({
      uid: uidOf(object),
      kept: keep(object),
      key: indexBy(object),
      resourceVersion: object.metadata.resourceVersion,
    }),
    put,
    remove: (last) => drop(last.uid, last),
    replaceAll(all) {
      const present = new Set(all.map(({ uid }) => uid));
      const lost = [...held.keys()].filter((uid) => !present.has(uid));
      return [...lost.map((uid) => drop(uid)), ...all.map(put)].filter((change) => change !== undefined);
    },
  };
}

function readSide<T>(held: Map<string, Held<T>>, index: Map<string, Set<string>>): ObjectStore<T> {
  return {
    get: (uid) => held.get(uid)?.kept,
    byIndex: (key) => [...(index.get(key) ?? [])].map((uid) => (held.get(uid) as Held<T>).kept),
    values: () => held.values().map(({ kept }) => kept),
    get size() {
      return held.size;
    },
  };
}

function move(index: Map<string, Set<string>>, uid: string, from: string | undefined, to: string | undefined): void {
  if (from === to) return;
  if (from !== undefined) {
    const uids = index.get(from);
    uids?.delete(uid);
    if (uids?.size === 0) index.delete(from);
  }
  if (to === undefined) return;
  const uids = index.get(to) ?? new Set();
  index.set(to, uids.add(uid));
}

function uidOf(object: KubeObject): string {
  const { uid, name } = object.metadata;
  if (uid === undefined) throw new TypeError(`${name} has no metadata.uid`);
  return uid;
}

import { type KubeObject, keyOf, type ObjectKey } from "../objects/object.ts";
import { type Change, createJournal, type Journal } from "./journal.ts";

/** Called right after a change is committed, in commit order. Must not write to the store itself. */
type Listener = (change: Change) => void;

/**
 * All objects of all resources under one revision counter, as etcd keeps them. Objects in it are shared and must not be changed.
 * A resource is named as in errors: `deployments.apps`.
 */
export interface Store {
  readonly revision: number;
  readonly journal: Journal;
  get(resource: string, key: ObjectKey): KubeObject | undefined;
  /** Sorted by namespace and name; an empty namespace means all. */
  list(resource: string, namespace: string): readonly KubeObject[];
  /** The list as it was at a revision the journal still covers. */
  listAt(resource: string, namespace: string, revision: number): readonly KubeObject[];
  /** Creates or replaces; returns the object with its new resourceVersion. */
  put(resource: string, object: KubeObject): KubeObject;
  /** Removes; returns the last state with the resourceVersion of the removal. */
  remove(resource: string, key: ObjectKey): KubeObject | undefined;
  /** A stored object as JSON: written once, however many watches send it. */
  text(object: KubeObject): string;
  /** Calls the listener for each later change of one resource; returns the function that stops it. */
  subscribe(resource: string, listener: Listener): () => void;
  /** How many watches listen now. */
  readonly listeners: number;
}

const flat = (key: ObjectKey): string => `${key.namespace}/${key.name}`;

const byKey = (a: KubeObject, b: KubeObject): number => {
  const left = flat(keyOf(a));
  const right = flat(keyOf(b));
  return left < right ? -1 : left > right ? 1 : 0;
};

const inNamespace = (namespace: string) => (object: KubeObject) =>
  namespace === "" || object.metadata.namespace === namespace;

const withRevision = (object: KubeObject, revision: number): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(revision) },
});

/** Undoes changes, newest first, on a copy of the current state. */
function rewind(current: ReadonlyMap<string, KubeObject>, changes: readonly Change[]): Map<string, KubeObject> {
  const past = new Map(current);
  for (const change of changes.toReversed()) {
    const key = flat(keyOf(change.object));
    if (change.previous === undefined) past.delete(key);
    else past.set(key, change.previous);
  }
  return past;
}

function multimap<V>(create: () => V): (key: string) => V {
  const all = new Map<string, V>();
  return (key) => {
    const found = all.get(key) ?? create();
    all.set(key, found);
    return found;
  };
}

/** An empty store that keeps the last `windowSize` changes for watches. */
export function createStore(windowSize: number): Store {
  const objects = multimap(() => new Map<string, KubeObject>());
  const listeners = multimap(() => new Set<Listener>());
  const journal = createJournal(windowSize);
  const texts = new WeakMap<KubeObject, string>();
  let revision = 1;
  let listening = 0;

  const commit = (change: Change): void => {
    journal.append(change);
    for (const listener of [...listeners(change.resource)]) listener(change);
  };

  return {
    journal,
    get revision() {
      return revision;
    },
    get listeners() {
      return listening;
    },
    get: (resource, key) => objects(resource).get(flat(key)),
    list: (resource, namespace) => [...objects(resource).values()].filter(inNamespace(namespace)).sort(byKey),
    listAt: (resource, namespace, at) =>
      [...rewind(objects(resource), journal.since(resource, at)).values()].filter(inNamespace(namespace)).sort(byKey),
    put(resource, object) {
      const key = flat(keyOf(object));
      const previous = objects(resource).get(key);
      revision += 1;
      const stored = withRevision(object, revision);
      objects(resource).set(key, stored);
      const type = previous === undefined ? "ADDED" : "MODIFIED";
      commit({ type, resource, revision, object: stored, previous });
      return stored;
    },
    remove(resource, key) {
      const previous = objects(resource).get(flat(key));
      if (previous === undefined) return undefined;
      revision += 1;
      objects(resource).delete(flat(key));
      const object = withRevision(previous, revision);
      commit({ type: "DELETED", resource, revision, object, previous });
      return object;
    },
    text(object) {
      const text = texts.get(object) ?? JSON.stringify(object);
      texts.set(object, text);
      return text;
    },
    subscribe(resource, listener) {
      listeners(resource).add(listener);
      listening += 1;
      return () => {
        if (listeners(resource).delete(listener)) listening -= 1;
      };
    },
  };
}

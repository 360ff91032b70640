import { randomUUID } from "node:crypto";

/** An object as JSON; only what the stub itself reads is listed. */
export interface Stored {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** One change of a collection, as a watch tells it. */
interface StubEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: Stored;
}

/** The objects of all collections, by their path (`/apis/apps/v1/namespaces/default/deployments`). */
export interface Objects {
  /** The resourceVersion of the last change. */
  readonly version: string;
  list(path: string): Stored[];
  find(path: string, name: string): Stored | undefined;
  /** Undefined where the name is taken. */
  create(path: string, object: Stored): Stored | undefined;
  update(path: string, name: string, change: Readonly<Record<string, unknown>>): void;
  remove(path: string, name: string): Stored | undefined;
  /** Calls back after each change of a collection. */
  subscribe(path: string, listener: (event: StubEvent) => void): () => void;
}

/** Builds an empty store. */
export function createObjects(): Objects {
  const collections = new Map<string, Map<string, Stored>>();
  const listeners = new Map<string, Set<(event: StubEvent) => void>>();
  let version = 1;

  const collection = (path: string) => {
    const found = collections.get(path) ?? new Map<string, Stored>();
    collections.set(path, found);
    return found;
  };
  const put = (path: string, type: StubEvent["type"], object: Stored): Stored => {
    version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    if (type === "DELETED") collection(path).delete(object.metadata.name);
    else collection(path).set(object.metadata.name, stored);
    for (const listener of listeners.get(path) ?? []) listener({ type, object: stored });
    return stored;
  };

  return {
    get version() {
      return String(version);
    },
    list: (path) => [...collection(path).values()],
    find: (path, name) => collection(path).get(name),
    create(path, object) {
      if (collection(path).has(object.metadata.name)) return undefined;
      const creationTimestamp = new Date().toISOString();
      const metadata = { ...object.metadata, uid: randomUUID(), generation: 1, creationTimestamp };
      return put(path, "ADDED", { ...object, metadata });
    },
    update(path, name, change) {
      const before = collection(path).get(name);
      if (before !== undefined) put(path, "MODIFIED", { ...before, ...change });
    },
    remove(path, name) {
      const before = collection(path).get(name);
      return before && put(path, "DELETED", before);
    },
    subscribe(path, listener) {
      const own = listeners.get(path) ?? new Set();
      listeners.set(path, own.add(listener));
      return () => own.delete(listener);
    },
  };
}

import type { KubeClient, Selection } from "../client-types.ts";
import type { KindRef } from "../kinds.ts";
import type { KubeObject } from "../kube-object.ts";

/** A difference between what the store held and what it holds now. */
export type Change<T> =
  | { type: "added"; uid: string; object: T; previous?: undefined }
  | { type: "modified"; uid: string; object: T; previous: T }
  | { type: "deleted"; uid: string; object: T; previous: T };

/** What a reflector needs to know. */
export interface ReflectorOptions<T> extends Selection {
  client: Pick<KubeClient, "list" | "watch">;
  kind: KindRef;
  /** What is kept of a resource; called for each event and each resource of a list. Keep little: this is held for every resource. */
  keep: (object: KubeObject) => T;
  /** The key under which `byIndex` finds the resource; undefined: under none. */
  indexBy?: ((object: KubeObject) => string | undefined) | undefined;
  /** A watch without a byte for this long counts as dead; 90 s where left out (bookmarks come each minute). */
  idleMs?: number | undefined;
  /** Told of each failure and the wait that follows. It must not throw. */
  onError?: ((error: unknown, delayMs: number) => void) | undefined;
  /** From 0 to below 1; Math.random where left out. */
  random?: (() => number) | undefined;
}

/** What a reflector holds, by uid. */
export interface ObjectStore<T> {
  get(uid: string): T | undefined;
  /** All kept resources with that index key. */
  byIndex(key: string): T[];
  values(): IterableIterator<T>;
  readonly size: number;
}

/** For metrics. Counters since the start. */
export interface ReflectorStats {
  /** Whether a watch is open. */
  live: boolean;
  /** 0 while live. */
  staleForMs: number;
  /** Since the last event or bookmark; Infinity before the first. */
  lastEventAgeMs: number;
  /** Resources held. */
  objects: number;
  /** Events received, bookmarks not counted. */
  events: number;
  /** Watches that had to be opened again, for whatever reason. */
  restarts: number;
  /** LISTs after the first one. */
  relists: number;
}

/**
 * A local copy of one kind's resources, kept up to date by one LIST and one WATCH.
 * A listener that throws is a bug of the listener: the error goes to `onError`, the copy goes on.
 */
export interface Reflector<T> {
  /** Begins; a second call does nothing. */
  start(): void;
  /** Ends for good; resolves when no stream is left. */
  stop(): Promise<void>;
  /** Resolves after the first complete LIST; rejects when stopped before. */
  readonly synced: Promise<void>;
  readonly store: ObjectStore<T>;
  /** Called synchronously with each change, in order; returns the way to end it. */
  subscribe(listener: (change: Change<T>) => void): () => void;
  /** How long the store may have been out of date; 0 while a watch is open. */
  staleForMs(): number;
  stats(): ReflectorStats;
}

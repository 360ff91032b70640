import type { ErrorClass, Sent, Verb } from "./errors/error-class.ts";
import type { KindRef } from "./kinds.ts";
import type { KubeList, KubeObject } from "./kube-object.ts";
import type { ResourceRef } from "./subject.ts";

/** What every call takes. */
export interface CallOptions {
  /**
   * Ends the call, also while it still waits for its turn; the call then throws the signal's reason. A write that was
   * sent is not ended: it goes on to its answer, since the server may execute it anyway.
   */
  signal?: AbortSignal | undefined;
  /** Longest time from being sent to the last byte of the answer; the client's default where left out. */
  timeoutMs?: number | undefined;
  /** How often the caller has made this very call before; told to the observer of requests. 0 where left out. */
  triesSoFar?: number | undefined;
}

/** One HTTP request of a call as it goes out, for traces. */
interface SentRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  verb: Verb;
  /** The one resource that is addressed; undefined for collections and plain paths. Never a label's: unbounded. */
  ref: ResourceRef | undefined;
  /** The plural, such as `deployments`. */
  resource: string;
  /** How often it was sent before, by the caller or with credentials that were refused. */
  resends: number;
}

/** How a request ended. */
interface RequestEnd {
  /** HTTP status; undefined when no answer came. */
  status: number | undefined;
  /** The network's, TLS's or undici's code, `aborted` where the caller ended it; undefined with a complete answer. */
  code: string | undefined;
}

/** Told of each request of a call when it goes out; what it returns is told how the request ended. Neither may throw. */
export type RequestObserver = (request: SentRequest) => (end: RequestEnd) => void;

/** What every write takes. */
export interface WriteOptions extends CallOptions {
  /** Run all checks of the server and store nothing. */
  dryRun?: boolean | undefined;
  /** Who owns the written fields; the client's own name where left out. */
  fieldManager?: string | undefined;
}

/** How a patch is to be understood. */
export interface PatchOptions extends WriteOptions {
  /** `merge`: RFC 7386. `json`: RFC 6902. `apply`: server-side apply, which also creates. */
  type: "merge" | "json" | "apply";
  /** Only for `apply`: take over fields that other managers own. */
  force?: boolean | undefined;
  /** `status` or `scale`, for example. */
  subresource?: string | undefined;
}

/** How to delete. Without `uid` a namesake that was created meanwhile would be deleted as well. */
export interface RemoveOptions extends CallOptions {
  /** Delete only this very resource. */
  uid?: string | undefined;
  /** Delete only if unchanged since. */
  resourceVersion?: string | undefined;
  /** What happens to what it owns. The server's default depends on the kind. */
  propagation?: "Foreground" | "Background" | "Orphan" | undefined;
  gracePeriodSeconds?: number | undefined;
  dryRun?: boolean | undefined;
}

/** Which resources of a kind. */
export interface Selection {
  /** Left out: the whole cluster. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

/** What to list. */
export type ListOptions = CallOptions & Selection;

/** What is kept of each resource of a list, page by page: beside tens of thousands the whole ones fill the memory. */
export interface Transform<Item> {
  transform: (object: KubeObject) => Item;
}

/** What to watch. A watch has no overall timeout. */
export interface WatchOptions extends Selection {
  signal?: AbortSignal | undefined;
  /** Events after this version; left out: all present resources first, as ADDED. */
  resourceVersion?: string | undefined;
  /** The server ends the watch after this time. */
  timeoutSeconds?: number | undefined;
  /** No byte for this long ends the watch with the code `watch_idle`. Left out: never. */
  idleMs?: number | undefined;
  /** Called once, when the server has accepted the watch. */
  onOpen?: (() => void) | undefined;
}

/** What happened. A bookmark's object holds only a resourceVersion. */
export interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  object: KubeObject;
}

/** One finished call, for metrics. */
export interface CallRecord {
  verb: Verb;
  /** Not a metric's label: unbounded. */
  subject: string;
  /** The plural, such as `deployments`; `pods/log` or `path` for plain paths. */
  resource: string;
  /** HTTP status; undefined when no answer came. */
  status: number | undefined;
  /** `ok`, `aborted` by the caller, or the class of the error. */
  class: ErrorClass | "ok" | "aborted";
  /** The error's row in the table; undefined without an error. */
  code?: string | undefined;
  /** From being sent, the wait for a turn excluded. */
  durationMs: number;
  /** The wait for a turn. */
  queuedMs: number;
  sent: Sent;
  /** What the server attached to its answer: deprecations, Pod Security warnings. */
  warnings: string[];
}

/** Counters and gauges of a client. */
export interface ClientStats {
  /** Connections opened since the start, for calls and for watches. */
  connectionsOpened: number;
  /** Connections open now. */
  connectionsOpen: number;
  writesInFlight: number;
  writesWaiting: number;
  readsInFlight: number;
  readsWaiting: number;
  watchesOpen: number;
}

/** The server's own account of itself (`GET /version`). */
interface ServerVersion {
  major: string;
  minor: string;
  gitVersion: string;
}

/**
 * A Kubernetes API as raw JSON. Every failed call throws a `KubeError`, a call ended by its signal throws the
 * signal's reason. Nothing is retried in here but one thing: a 401 has the credentials read again, and the call is
 * sent once more. Retrying is `withRetry`, where the caller can see it.
 */
export interface KubeClient {
  /**
   * POST. The manifest must name its namespace unless its kind lives in none. Resolves to what was sent, with the metadata
   * that the server gave it, `managedFields` left out; of an object it answers nothing else, which nobody here needs.
   */
  create(manifest: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  get(ref: ResourceRef, options?: CallOptions): Promise<KubeObject>;
  /**
   * PUT.
   * @throws {TypeError} without `metadata.resourceVersion`: the server takes that for a blind overwrite
   */
  replace(manifest: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  patch(ref: ResourceRef, body: unknown, options: PatchOptions): Promise<KubeObject>;
  /**
   * DELETE. Answers the resource while it is still going (finalizers, foreground), undefined when it is gone.
   * A missing resource throws with class `gone`.
   */
  remove(ref: ResourceRef, options?: RemoveOptions): Promise<KubeObject | undefined>;
  /** All pages of a LIST, the items without `managedFields`. A continue token that expires half-way starts the list again, at most three times. */
  list<Item>(kind: KindRef, options: ListOptions & Transform<Item>): Promise<KubeList<Item>>;
  list(kind: KindRef, options?: ListOptions): Promise<KubeList>;
  /** One watch over one connection, the objects without `managedFields`; ends when the server ends it, throws when it breaks. */
  watch(kind: KindRef, options?: WatchOptions): AsyncIterable<WatchEvent>;
  /** A path that answers text, such as `resourcePath(pod, "log")`, with its query. */
  readText(path: string, options?: CallOptions & { query?: Record<string, string | number> }): Promise<string>;
  serverVersion(options?: CallOptions): Promise<ServerVersion>;
  stats(): ClientStats;
  /** Ends every call and watch, closes every connection. */
  close(): Promise<void>;
}

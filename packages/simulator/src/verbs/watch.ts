import type { Cluster } from "../api/cluster.ts";
import { ApiError } from "../errors/api-error.ts";
import { resourceName } from "../errors/errors.ts";
import type { ApiRequest } from "../http/exchange.ts";
import { type Format, formatObject, formatOf } from "../http/format.ts";
import type { Target } from "../http/target.ts";
import { apiVersionOf } from "../kinds/kind.ts";
import type { KubeObject } from "../objects/object.ts";
import type { Change } from "../storage/journal.ts";
import { type ListOptions, listOptions } from "./list-options.ts";

/** Where a watch writes its lines to. `end` is a clean end of the stream. */
export interface WatchSink {
  send(line: string): void;
  end(): void;
}

/** A running watch; `stop` frees it and is called when the peer goes. */
export interface RunningWatch {
  stop(): void;
}

/** How often a watch that asked for bookmarks gets one, in milliseconds. */
export interface WatchTiming {
  readonly bookmarkMs: number;
}

/** kube-apiserver ends a watch without timeoutSeconds after 30 to 60 minutes. */
const DEFAULT_TIMEOUT_SECONDS = 1800;

type EventType = "ADDED" | "MODIFIED" | "DELETED";

/** What a change means to a watch that sees only matching objects. */
function eventFor(change: Change, options: ListOptions): EventType | undefined {
  const before = change.previous !== undefined && options.matches(change.previous);
  const after = change.type !== "DELETED" && options.matches(change.object);
  if (after) return before ? "MODIFIED" : "ADDED";
  return before ? "DELETED" : undefined;
}

/** A watch of a filtered object that left the filter shows it with the revision of the leaving. */
function leaving(change: Change): KubeObject {
  if (change.type === "DELETED" || change.previous === undefined) return change.object;
  const { resourceVersion } = change.object.metadata;
  return {
    ...change.previous,
    metadata: { ...change.previous.metadata, resourceVersion },
  };
}

const tooOld = (revision: number, floor: number): object =>
  new ApiError(410, "Expired", `too old resource version: ${revision} (${floor})`).status;

const line = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;

function bookmark(target: Target, revision: number, initialEnd: boolean) {
  const annotations = { "k8s.io/initial-events-end": "true" };
  return line("BOOKMARK", {
    kind: target.kind.kind,
    apiVersion: apiVersionOf(target.kind),
    metadata: {
      resourceVersion: String(revision),
      ...(initialEnd ? { annotations } : {}),
    },
  });
}

/** Sends objects of one watch; the first row of a table carries the columns. */
function sender({ store }: Cluster, { kind }: Target, format: Format, sink: WatchSink) {
  let first = true;
  return (type: EventType, object: KubeObject): void => {
    // The same object goes to every watch of its kind.
    if (format === "object") sink.send(`{"type":"${type}","object":${store.text(object)}}\n`);
    else sink.send(line(type, formatObject(kind, object, format, first)));
    first = false;
  };
}

/** Everything that is there now, as a start without a revision gets it. */
function sendInitial(
  cluster: Cluster,
  target: Target,
  options: ListOptions,
  send: (type: EventType, object: KubeObject) => void,
): void {
  const resource = resourceName(target.kind);
  for (const object of cluster.store.list(resource, target.namespace))
    if (options.matches(object)) send("ADDED", object);
}

const wantsInitial = (options: ListOptions): boolean => options.sendInitialEvents || !options.revision;

/**
 * Starts a watch. Bad options throw; a start before the kept window gets an ERROR event with a 410 Status, as from
 * kube-apiserver's watch cache. A start beyond the present just waits.
 */
export function startWatch(
  cluster: Cluster,
  target: Target,
  request: ApiRequest,
  timing: WatchTiming,
): (sink: WatchSink) => RunningWatch {
  const options = listOptions(request, target);
  const format = formatOf(request.accept);
  return (sink) => {
    const { store } = cluster;
    const resource = resourceName(target.kind);
    const send = sender(cluster, target, format, sink);
    const start = options.revision ?? 0;
    const onChange = (change: Change): void => {
      const { namespace = "" } = change.object.metadata;
      if (target.namespace !== "" && namespace !== target.namespace) return;
      if (change.revision <= start) return;
      const type = eventFor(change, options);
      if (type === undefined) return;
      send(type, type === "DELETED" ? leaving(change) : change.object);
    };
    if (start > 0 && !options.sendInitialEvents && start < store.journal.floor) {
      sink.send(line("ERROR", tooOld(start, store.journal.floor)));
      sink.end();
      return { stop: () => undefined };
    }
    if (wantsInitial(options)) sendInitial(cluster, target, options, send);
    else for (const change of store.journal.since(resource, start)) onChange(change);
    if (options.sendInitialEvents && options.bookmarks) sink.send(bookmark(target, store.revision, true));
    return follow(cluster, target, options, timing, sink, onChange);
  };
}

function follow(
  cluster: Cluster,
  target: Target,
  options: ListOptions,
  timing: WatchTiming,
  sink: WatchSink,
  onChange: (change: Change) => void,
): RunningWatch {
  const { store } = cluster;
  const unsubscribe = store.subscribe(resourceName(target.kind), onChange);
  const bookmarks = setInterval(() => {
    if (options.bookmarks) sink.send(bookmark(target, store.revision, false));
  }, timing.bookmarkMs);
  const seconds = options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
  const stop = (): void => {
    unsubscribe();
    clearInterval(bookmarks);
    clearTimeout(deadline);
  };
  const deadline = setTimeout(() => {
    stop();
    sink.end();
  }, seconds * 1000);
  return { stop };
}

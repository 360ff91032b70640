import { type Cluster, read } from "../api/cluster.ts";
import { createObject } from "../api/create.ts";
import { removeObject } from "../api/remove.ts";
import { updateObject } from "../api/update.ts";
import { ApiError } from "../errors/api-error.ts";
import { events } from "../kinds/other.ts";
import { type KubeObject, type ObjectKey, timestamp } from "../objects/object.ts";

/** What happened to an object, in the words of the component that did it. */
interface EventNote {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  readonly component: string;
}

/** Writes Events; the same note about the same object counts up instead of adding another. */
export interface EventRecorder {
  record(involved: KubeObject, note: EventNote): void;
}

interface Recorded {
  readonly key: ObjectKey;
  count: number;
}

function eventObject(involved: KubeObject, note: EventNote, key: ObjectKey): KubeObject {
  const { metadata } = involved;
  const now = timestamp();
  return {
    kind: "Event",
    apiVersion: "v1",
    metadata: key as unknown as KubeObject["metadata"],
    involvedObject: {
      kind: involved.kind,
      namespace: metadata.namespace ?? "",
      name: metadata.name,
      uid: metadata.uid,
      apiVersion: involved.apiVersion,
      resourceVersion: metadata.resourceVersion,
    },
    reason: note.reason,
    message: note.message,
    source: { component: note.component },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    type: note.type,
    eventTime: null,
    reportingComponent: note.component,
    reportingInstance: "",
  };
}

/** @param limit how many events are kept; the oldest go first, as a real cluster forgets them after an hour. */
export function createEventRecorder(cluster: Cluster, limit: number): EventRecorder {
  const known = new Map<string, Recorded>();
  let serial = 0;

  const forgetOldest = (): void => {
    const oldest = known.entries().next().value;
    if (known.size <= limit || oldest === undefined) return;
    known.delete(oldest[0]);
    if (read(cluster, events, oldest[1].key) !== undefined) removeObject(cluster, events, oldest[1].key);
  };

  const again = (entry: Recorded): void => {
    entry.count += 1;
    updateObject(cluster, events, entry.key, (current) => ({
      ...current,
      count: entry.count,
      lastTimestamp: timestamp(),
    }));
  };

  const add = (id: string, involved: KubeObject, note: EventNote): void => {
    serial += 1;
    const suffix = (Date.now() * 1000 + serial).toString(16).padStart(16, "0");
    const key = {
      namespace: involved.metadata.namespace ?? "default",
      name: `${involved.metadata.name}.${suffix}`,
    };
    createObject(cluster, events, eventObject(involved, note, key));
    known.set(id, { key, count: 1 });
    forgetOldest();
  };

  return {
    record(involved, note) {
      const id = `${involved.metadata.uid} ${note.reason} ${note.message}`;
      const entry = known.get(id);
      const live = entry && read(cluster, events, entry.key) !== undefined;
      try {
        if (live) again(entry);
        else add(id, involved, note);
      } catch (error) {
        // a namespace that is being deleted takes no more events
        if (!(error instanceof ApiError)) throw error;
      }
    },
  };
}

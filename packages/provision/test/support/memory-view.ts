import type { KubeObject } from "@repl/kube";
import { LABELS } from "../../src/labels.ts";
import type { ClusterView, Refusal } from "../../src/wait/cluster-view.ts";
import { readPod } from "../../src/wait/pod.ts";
import { readWorkload } from "../../src/wait/workload.ts";

/** A cluster's view that a test fills, one change at a time, each told to the listeners as a watch does. */
export interface MemoryView extends ClusterView {
  /** Adds or changes a workload or pod. */
  put(object: KubeObject): void;
  /** Changes a workload in the cluster without a word from the watch. */
  putUnseen(object: KubeObject): void;
  /** Lets an autoscaler say that it is adding a node. */
  scaleUp(): void;
  /** Lets an event say of a workload that its pod was refused. */
  refuse(object: KubeObject, refusal: Refusal): void;
  /** How often events of refusals were asked for. */
  asked(): number;
  /** Lets a node be in trouble, or well again. */
  putNode(name: string, trouble: string | undefined): void;
  /** Takes a pod or workload away. */
  drop(object: KubeObject): void;
  /** How many listen. */
  listeners(): number;
}

export function memoryView(): MemoryView {
  const objects = new Map<string, KubeObject>();
  const behind = new Map<string, KubeObject>();
  const troubles = new Map<string, string | undefined>();
  const refusals = new Map<string | undefined, Refusal[]>();
  let asked = 0;
  let scalingUp = false;
  const subscribed = new Map<symbol, { replId: string; listener: () => void }>();
  const replIdOf = (object: KubeObject) => object.metadata.labels?.[LABELS.repl];
  const tell = (object: KubeObject) => {
    for (const { replId, listener } of subscribed.values()) if (replId === replIdOf(object)) listener();
  };
  return {
    synced: Promise.resolve(),
    workload: (uid) => {
      const found = objects.get(uid);
      return found === undefined ? undefined : readWorkload(found);
    },
    workloadsOf: (replId) =>
      [...objects.values()].filter((object) => object.kind !== "Pod" && replIdOf(object) === replId).map(readWorkload),
    podsOf: (replId, namespace) =>
      [...objects.values()]
        .filter((object) => object.kind === "Pod" && replIdOf(object) === replId)
        .filter(({ metadata }) => metadata.namespace === namespace)
        .map(readPod),
    subscribe(replId, listener) {
      const key = Symbol(replId);
      subscribed.set(key, { replId, listener });
      return () => subscribed.delete(key);
    },
    reread: ({ metadata: { uid = "" } }) => {
      const found = behind.get(uid) ?? objects.get(uid);
      return Promise.resolve(found === undefined ? "gone" : readWorkload(found));
    },
    isScalingUp: () => Promise.resolve(scalingUp),
    refusals: ({ metadata: { uid } }) => {
      asked += 1;
      return Promise.resolve(refusals.get(uid) ?? []);
    },
    nodeTrouble: (name) => Promise.resolve(troubles.get(name)),
    stats: () => ({}),
    stop: () => Promise.resolve(),
    put(object) {
      objects.set(object.metadata.uid as string, object);
      tell(object);
    },
    putUnseen(object) {
      behind.set(object.metadata.uid as string, object);
    },
    scaleUp() {
      scalingUp = true;
    },
    refuse({ metadata: { uid } }, refusal) {
      refusals.set(uid, [...(refusals.get(uid) ?? []), refusal]);
    },
    asked: () => asked,
    putNode(name, trouble) {
      troubles.set(name, trouble);
    },
    drop(object) {
      objects.delete(object.metadata.uid as string);
      tell(object);
    },
    listeners: () => subscribed.size,
  };
}

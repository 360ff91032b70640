import {
  createReflector,
  KINDS,
  type KindName,
  type KubeClient,
  type KubeObject,
  type ReflectorStats,
  refOf,
} from "@repl/kube";
import { LABELS, OURS } from "../labels.ts";
import { type PodState, readPod } from "./pod.ts";
import { readWorkload, type WorkloadState } from "./workload.ts";

/** How to open a {@link ClusterView}. */
export interface ClusterViewOptions {
  readonly client: KubeClient;
  /** The namespace to watch; undefined for all. */
  readonly namespace: string | undefined;
  /** The workload's kind in the template. */
  readonly workload: KindName;
  /** Told of each failure of a watch and of the wait that follows. */
  readonly onError: (error: unknown, delayMs: number) => void;
}

/** Reason of the event by which the cluster autoscaler says so (kubernetes/autoscaler, cluster-autoscaler FAQ). */
const SCALING_UP = "TriggeredScaleUp";

/**
 * What this worker knows of all workloads and pods of this service: two watches, however many starts are under way.
 * It may lag behind the cluster; whoever decides by it compares uid and generation with what was written.
 */
export interface ClusterView {
  /** Resolves when both lists have been read once. */
  readonly synced: Promise<unknown>;
  workload(uid: string): WorkloadState | undefined;
  podsOf(replId: string): PodState[];
  /** Calls back after each change of that repl's workload or pods; returns the way to end it. */
  subscribe(replId: string, listener: () => void): () => void;
  /** The workload as the API server has it now; undefined where it is gone or the server does not answer. */
  reread(workload: KubeObject, signal: AbortSignal): Promise<WorkloadState | undefined>;
  /** Whether the cluster autoscaler says that it is adding a node for a pod of that repl. */
  isScalingUp(replId: string, signal: AbortSignal): Promise<boolean>;
  /** For metrics and readiness: the watches' state by kind. */
  stats(): Record<string, ReflectorStats>;
  stop(): Promise<void>;
}

interface Kept<State> {
  readonly replId: string;
  readonly state: State;
}

/** Opens the two watches. */
export function openClusterView({ client, namespace, workload, onError }: ClusterViewOptions): ClusterView {
  const listeners = new Map<string, Set<() => void>>();
  const watch = <State>(kind: KindName, read: (object: KubeObject) => State) => {
    const replIdOf = (object: KubeObject) => object.metadata.labels?.[LABELS.repl];
    const reflector = createReflector<Kept<State>>({
      client,
      kind: KINDS[kind],
      namespace,
      labelSelector: OURS,
      keep: (object) => ({ replId: replIdOf(object) ?? "", state: read(object) }),
      indexBy: replIdOf,
      onError,
    });
    reflector.subscribe(({ object }) => {
      for (const listener of listeners.get(object.replId) ?? []) listener();
    });
    reflector.start();
    return reflector;
  };
  const workloads = watch(workload, readWorkload);
  const pods = watch("Pod", readPod);

  return {
    synced: Promise.all([workloads.synced, pods.synced]),
    workload: (uid) => workloads.store.get(uid)?.state,
    podsOf: (replId) => pods.store.byIndex(replId).map(({ state }) => state),
    subscribe(replId, listener) {
      const own = listeners.get(replId) ?? new Set();
      listeners.set(replId, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0 && listeners.get(replId) === own) listeners.delete(replId);
      };
    },
    reread: (object, signal) => client.get(refOf(object), { signal }).then(readWorkload, () => undefined),
    isScalingUp: async (replId, signal) => {
      const found = await Promise.all(
        pods.store.byIndex(replId).map(({ state }) => {
          const fieldSelector = `involvedObject.uid=${state.uid},reason=${SCALING_UP}`;
          return client.list(KINDS.Event, { namespace: state.namespace, fieldSelector, signal });
        }),
      ).catch(() => []);
      return found.some(({ items }) => items.length > 0);
    },
    stats: () => ({ [workload]: workloads.stats(), Pod: pods.stats() }),
    stop: async () => {
      await Promise.all([workloads.stop(), pods.stop()]);
    },
  };
}

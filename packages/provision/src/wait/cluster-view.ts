import {
  createReflector,
  KINDS,
  type KindName,
  type KubeClient,
  KubeError,
  type KubeObject,
  type ReflectorStats,
  refOf,
  shortened,
} from "@repl/kube";
import { at } from "../json.ts";
import { LABELS, OURS } from "../labels.ts";
import { seenAt } from "./event.ts";
import { nodeTrouble } from "./node-trouble.ts";
import { type PodState, readPod } from "./pod.ts";
import { type Complaint, readWorkload, type WorkloadState } from "./workload.ts";

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

/** For whoever reads the log: the API server's refusal names the right, not why it is needed. */
const NEEDS_WHOLE_CLUSTER =
  "The worker looks at the whole cluster because repls are, or were, in users' namespaces: give it the ClusterRole (docs/isolation.md)";

/** Longest wait for a single read, which the end of a start must not wait for much longer than it said. */
const REREAD_MS = 3_000;

/**
 * Reasons of the events by which autoscalers say of a pod that a node for it is on its way: the cluster autoscaler
 * (kubernetes/autoscaler, cluster-autoscaler FAQ) and Karpenter (kubernetes-sigs/karpenter, pkg/events/reason.go).
 */
const SCALING_UP: ReadonlySet<unknown> = new Set(["TriggeredScaleUp", "Nominated"]);

/** How a watch fares, and what closed it last. */
export type WatchState = ReflectorStats & { readonly trouble: string | undefined };

/** What an event says of a pod that was refused. */
export interface Refusal extends Complaint {
  /** When it was last seen. */
  readonly atMs: number;
}

/**
 * What this worker knows of all workloads and pods of this service: two watches, however many starts are under way.
 * It may lag behind the cluster; whoever decides by it compares uid and generation with what was written.
 */
export interface ClusterView {
  /** Resolves when both lists have been read once. */
  readonly synced: Promise<unknown>;
  workload(uid: string): WorkloadState | undefined;
  /** In whatever namespace they are. */
  workloadsOf(replId: string): WorkloadState[];
  podsOf(replId: string, namespace: string): PodState[];
  /** Calls back after each change of that repl's workload or pods; returns the way to end it. */
  subscribe(replId: string, listener: () => void): () => void;
  /** The very workload as the API server has it now; undefined where the server does not answer within seconds. */
  reread(workload: KubeObject, signal: AbortSignal): Promise<WorkloadState | "gone" | undefined>;
  /** Whether the cluster autoscaler says that it is adding a node for a pod of that repl. */
  isScalingUp(replId: string, namespace: string, signal: AbortSignal): Promise<boolean>;
  /** What events say of pods of that workload that could not be made, the newest last; none where that may not be asked. */
  refusals(workload: KubeObject, signal: AbortSignal): Promise<readonly Refusal[]>;
  /** Why a node runs no pods now, as the end of a sentence; undefined where it does, or where that may not be asked. */
  nodeTrouble(name: string, signal: AbortSignal): Promise<string | undefined>;
  /** For metrics and readiness: the watches' state by kind. */
  stats(): Record<string, WatchState>;
  stop(): Promise<void>;
}

interface Kept<State> {
  readonly replId: string;
  readonly state: State;
}

/** Opens the two watches. */
export function openClusterView({ client, namespace, workload, onError }: ClusterViewOptions): ClusterView {
  const listeners = new Map<string, Set<() => void>>();
  const troubles = new Map<KindName, string>();
  const watch = <State>(kind: KindName, read: (object: KubeObject) => State) => {
    const replIdOf = (object: KubeObject) => object.metadata.labels?.[LABELS.repl];
    const reflector = createReflector<Kept<State>>({
      client,
      kind: KINDS[kind],
      namespace,
      labelSelector: OURS,
      keep: (object) => ({ replId: replIdOf(object) ?? "", state: read(object) }),
      indexBy: replIdOf,
      onError(error, delayMs) {
        const trouble = namespace === undefined ? explained(error) : error;
        troubles.set(kind, trouble instanceof Error ? trouble.message : String(trouble));
        onError(trouble, delayMs);
      },
    });
    reflector.subscribe(({ object }) => {
      for (const listener of listeners.get(object.replId) ?? []) listener();
    });
    reflector.start();
    return reflector;
  };
  const workloads = watch(workload, readWorkload);
  const pods = watch("Pod", readPod);
  const podsOf = (replId: string, wanted: string) =>
    pods.store
      .byIndex(replId)
      .map(({ state }) => state)
      .filter((pod) => pod.namespace === wanted);

  const synced = Promise.all([workloads.synced, pods.synced]);
  // Rejects where the view is stopped before: a process that ends while the cluster is away must not fail by that.
  synced.catch(() => {});
  return {
    synced,
    workload: (uid) => workloads.store.get(uid)?.state,
    workloadsOf: (replId) => workloads.store.byIndex(replId).map(({ state }) => state),
    podsOf,
    subscribe(replId, listener) {
      const own = listeners.get(replId) ?? new Set();
      listeners.set(replId, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0 && listeners.get(replId) === own) listeners.delete(replId);
      };
    },
    reread: (object, signal) =>
      client.get(refOf(object), { signal, timeoutMs: REREAD_MS }).then(
        (found) => (found.metadata.uid === object.metadata.uid ? readWorkload(found) : "gone"),
        (error) => (isGone(error) ? "gone" : undefined),
      ),
    isScalingUp: async (replId, wanted, signal) => {
      const found = await Promise.all(
        podsOf(replId, wanted).map(({ uid }) => {
          const fieldSelector = `involvedObject.uid=${uid}`;
          return client.list(KINDS.Event, { namespace: wanted, fieldSelector, signal });
        }),
      ).catch(() => []);
      return found.some(({ items }) => items.some((event) => SCALING_UP.has(at(event, "reason"))));
    },
    refusals: async ({ metadata: { uid, namespace } }, signal) => {
      const fieldSelector = `involvedObject.uid=${uid},reason=FailedCreate`;
      const found = await client
        .list(KINDS.Event, { namespace, fieldSelector, signal, timeoutMs: REREAD_MS })
        .catch(() => ({ items: [] }));
      return found.items.map(readRefusal).toSorted((left, right) => left.atMs - right.atMs);
    },
    nodeTrouble: (name, signal) =>
      client
        .get({ ...KINDS.Node, name }, { signal })
        .then(nodeTrouble, (error) => (isGone(error) ? "is no longer part of the cluster." : undefined)),
    stats: () => ({
      [workload]: { ...workloads.stats(), trouble: troubles.get(workload) },
      Pod: { ...pods.stats(), trouble: troubles.get("Pod") },
    }),
    stop: async () => {
      await Promise.all([workloads.stop(), pods.stop()]);
    },
  };
}

function readRefusal(event: KubeObject): Refusal {
  const atMs = Date.parse(seenAt(event)) || 0;
  return { reason: String(at(event, "reason")), message: shortened(String(at(event, "message") ?? "")), atMs };
}

function isGone(error: unknown): boolean {
  return error instanceof KubeError && error.class === "gone";
}

function explained(error: unknown): unknown {
  const isRefused = error instanceof KubeError && error.code === "rbac_denied";
  return isRefused ? new Error(`${error.message}. ${NEEDS_WHOLE_CLUSTER}`, { cause: error }) : error;
}

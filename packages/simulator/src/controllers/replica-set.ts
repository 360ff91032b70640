import { read } from "../api/cluster.ts";
import { removeObject } from "../api/remove.ts";
import { updateObject } from "../api/update.ts";
import { replicaSets } from "../kinds/deployment.ts";
import { pods } from "../kinds/pod.ts";
import type { PodStatus, PodTemplate } from "../kinds/pod-types.ts";
import { type Condition, condition, withCondition, withoutCondition } from "../objects/conditions.ts";
import { type KubeObject, keyOf } from "../objects/object.ts";
import { type ControllerContext, flatKey, onChange, unflat } from "./controller.ts";
import { isPodReady } from "./kubelet/pod-status.ts";
import { indexByOwner, queueOwner } from "./owned.ts";
import { growPods, isActive, RETRY_MS } from "./owned-pods.ts";

/** The parts of a ReplicaSet the controller works with. */
export interface ReplicaSetSpec {
  readonly replicas: number;
  readonly minReadySeconds?: number;
  readonly template: PodTemplate;
}

export interface ReplicaSetStatus {
  readonly replicas?: number;
  readonly fullyLabeledReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

const COMPONENT = "replicaset-controller";

/** Milliseconds until a pod counts as available; 0 when it does, undefined while it is not ready. */
function untilAvailable(pod: KubeObject, minReadySeconds: number): number | undefined {
  if (!isPodReady(pod)) return undefined;
  const ready = condition((pod.status as PodStatus).conditions, "Ready");
  const since = Date.parse(ready?.lastTransitionTime ?? "");
  return Math.max(0, since + minReadySeconds * 1000 - Date.now());
}

/** The pods to give up first: not yet on a node, not ready, youngest. */
function dispensable(list: readonly KubeObject[], count: number): readonly KubeObject[] {
  const rank = (pod: KubeObject): number =>
    (isPodReady(pod) ? 2 : 0) + ((pod.status as PodStatus).phase === "Running" ? 1 : 0);
  return list
    .toSorted((a, b) => rank(a) - rank(b) || Number(b.metadata.resourceVersion) - Number(a.metadata.resourceVersion))
    .slice(0, count);
}

function statusFor(set: KubeObject, active: readonly KubeObject[], refusal: string | undefined): ReplicaSetStatus {
  const { minReadySeconds = 0 } = set.spec as ReplicaSetSpec;
  const ready = active.filter(isPodReady).length;
  const available = active.filter((pod) => untilAvailable(pod, minReadySeconds) === 0).length;
  const before = (set.status as ReplicaSetStatus).conditions;
  // The first refusal stays while it lasts (kubernetes, pkg/controller/replicaset/replica_set_utils.go, SetCondition): each
  // one names another pod, and a status that changes with each would call for the next.
  const isKnown = before?.some(({ type, reason }) => type === "ReplicaFailure" && reason === "FailedCreate");
  const conditions =
    refusal === undefined
      ? withoutCondition(before, "ReplicaFailure")
      : isKnown
        ? (before ?? [])
        : withCondition(before, {
            type: "ReplicaFailure",
            status: "True",
            reason: "FailedCreate",
            message: refusal,
          });
  return {
    replicas: active.length,
    ...(active.length > 0 ? { fullyLabeledReplicas: active.length } : {}),
    ...(ready > 0 ? { readyReplicas: ready } : {}),
    ...(available > 0 ? { availableReplicas: available } : {}),
    observedGeneration: set.metadata.generation ?? 1,
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

/** Keeps the number of pods of each ReplicaSet. */
export function startReplicaSets(context: ControllerContext): void {
  const { cluster, events } = context;
  const owned = indexByOwner(context, pods);

  const grow = growPods(context, replicaSets, COMPONENT);

  const shrink = (set: KubeObject, list: readonly KubeObject[]): void => {
    for (const pod of list) {
      removeObject(cluster, pods, keyOf(pod));
      const message = `Deleted pod: ${pod.metadata.name}`;
      events.record(set, { type: "Normal", reason: "SuccessfulDelete", message, component: COMPONENT });
    }
  };

  const active = (set: KubeObject): readonly KubeObject[] => owned.of(set).filter(isActive);

  const nextLook = (set: KubeObject, refusal: string | undefined): number | undefined => {
    if (refusal !== undefined) return RETRY_MS;
    const { minReadySeconds = 0 } = set.spec as ReplicaSetSpec;
    const waits = active(set)
      .map((pod) => untilAvailable(pod, minReadySeconds))
      .filter((wait) => wait !== undefined && wait > 0);
    return waits.length === 0 ? undefined : Math.min(...(waits as number[]));
  };

  const queue = context.runtime.queue((key: string) => {
    const set = read(cluster, replicaSets, unflat(key));
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return undefined;
    const { replicas, template } = set.spec as ReplicaSetSpec;
    const now = active(set);
    const refusal = now.length < replicas ? grow(set, template, replicas - now.length) : undefined;
    if (now.length > replicas) shrink(set, dispensable(now, now.length - replicas));
    updateObject(
      cluster,
      replicaSets,
      unflat(key),
      (current) => ({
        ...current,
        status: statusFor(current, active(set), refusal),
      }),
      { subresource: "status" },
    );
    return nextLook(set, refusal);
  });

  onChange(context, replicaSets, ({ type, object }) => {
    if (type !== "DELETED") queue.add(flatKey(object));
  });
  queueOwner(context, pods, "ReplicaSet", queue);
  context.failures.onChange(() => {
    for (const set of cluster.store.list("replicasets.apps", "")) queue.add(flatKey(set));
  });
}

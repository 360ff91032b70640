import { read } from "../api/cluster.ts";
import { createObject } from "../api/create.ts";
import { removeObject } from "../api/remove.ts";
import { updateObject } from "../api/update.ts";
import { ApiError } from "../errors/api-error.ts";
import { pods } from "../kinds/pod.ts";
import type { PodTemplate } from "../kinds/pod-types.ts";
import { statefulSets } from "../kinds/stateful-set.ts";
import { templateHash } from "../objects/names.ts";
import { type KubeObject, keyOf } from "../objects/object.ts";
import { type ControllerContext, flatKey, onChange, unflat } from "./controller.ts";
import { isPodReady } from "./kubelet/pod-status.ts";
import { indexByOwner, queueOwner } from "./owned.ts";
import { isActive, podFrom, RETRY_MS } from "./owned-pods.ts";

interface StatefulSetSpec {
  readonly replicas: number;
  readonly podManagementPolicy: "OrderedReady" | "Parallel";
  readonly template: PodTemplate;
}

interface StatefulSetStatus {
  readonly currentRevision?: string;
}

const REVISION = "controller-revision-hash";

const component = "statefulset-controller";
const NORMAL = { type: "Normal", reason: "SuccessfulCreate", component } as const;
const WARNING = { type: "Warning", reason: "FailedCreate", component } as const;

const ordinalOf = ({ metadata }: KubeObject): number => Number(metadata.name.slice(metadata.name.lastIndexOf("-") + 1));

function podAt(set: KubeObject, ordinal: number): KubeObject {
  const { template } = set.spec as StatefulSetSpec;
  const name = `${set.metadata.name}-${ordinal}`;
  const labels = {
    ...template.metadata?.labels,
    "apps.kubernetes.io/pod-index": String(ordinal),
    "statefulset.kubernetes.io/pod-name": name,
    [REVISION]: revisionOf(set),
  };
  const metadata = { ...template.metadata, labels };
  return podFrom(set, statefulSets, { ...template, metadata }, { name });
}

const revisionOf = (set: KubeObject): string =>
  `${set.metadata.name}-${templateHash((set.spec as StatefulSetSpec).template)}`;

/** The current revision is the old one until all pods are of the new one and ready (stateful_set_utils.go, completeRollingUpdate). */
function statusFor(set: KubeObject, list: readonly KubeObject[]): object {
  const { replicas } = set.spec as StatefulSetSpec;
  const ofRevision = (revision: string) =>
    list.filter(({ metadata }) => metadata.labels?.[REVISION] === revision).length;
  const ready = list.filter(isPodReady).length;
  const updateRevision = revisionOf(set);
  const updated = ofRevision(updateRevision);
  const isComplete = [list.length, ready, updated].every((count) => count === replicas);
  const before = (set.status as StatefulSetStatus | undefined)?.currentRevision;
  const currentRevision = isComplete ? updateRevision : (before ?? updateRevision);
  const current = ofRevision(currentRevision);
  return {
    observedGeneration: set.metadata.generation ?? 1,
    replicas: list.length,
    ...(ready > 0 ? { readyReplicas: ready } : {}),
    ...(current > 0 ? { currentReplicas: current } : {}),
    ...(updated > 0 ? { updatedReplicas: updated } : {}),
    availableReplicas: ready,
    currentRevision,
    updateRevision,
    collisionCount: 0,
  };
}

/** The next pod that is missing; in order, and only when those before it are ready. */
function missing(set: KubeObject, list: readonly KubeObject[]): readonly number[] {
  const { replicas, podManagementPolicy } = set.spec as StatefulSetSpec;
  const present = new Set(list.map(ordinalOf));
  const absent = Array.from({ length: replicas }, (_, index) => index).filter((index) => !present.has(index));
  if (podManagementPolicy === "Parallel") return absent;
  return list.every(isPodReady) ? absent.slice(0, 1) : [];
}

/** The pod to take away next: one too many, or the last one of an old template; one at a time. */
function surplus(set: KubeObject, list: readonly KubeObject[]): KubeObject | undefined {
  const { replicas } = set.spec as StatefulSetSpec;
  const descending = list.toSorted((a, b) => ordinalOf(b) - ordinalOf(a));
  if (descending.some((pod) => !isActive(pod)))
    return descending.find((pod) => !isActive(pod) && pod.metadata.deletionTimestamp === undefined);
  return (
    descending.find((pod) => ordinalOf(pod) >= replicas) ??
    (list.every(isPodReady)
      ? descending.find(({ metadata }) => metadata.labels?.[REVISION] !== revisionOf(set))
      : undefined)
  );
}

/** Keeps the numbered pods of each StatefulSet. */
export function startStatefulSets(context: ControllerContext): void {
  const { cluster, events } = context;
  const owned = indexByOwner(context, pods);

  /** Makes one pod; answers whether it was let in. */
  const makePod = (set: KubeObject, ordinal: number): boolean => {
    const pod = podAt(set, ordinal);
    const what = `Create Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
    try {
      createObject(cluster, pods, pod);
      events.record(set, { ...NORMAL, message: `${what} successful` });
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      events.record(set, { ...WARNING, message: `${what} failed error: ${error.message}` });
      return false;
    }
  };
  const queue = context.runtime.queue((key: string) => {
    const set = read(cluster, statefulSets, unflat(key));
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return undefined;
    const isRefused = missing(set, owned.of(set)).some((ordinal) => !makePod(set, ordinal));
    const extra = surplus(set, owned.of(set));
    if (extra !== undefined) removeObject(cluster, pods, keyOf(extra));
    updateObject(
      cluster,
      statefulSets,
      unflat(key),
      (current) => ({
        ...current,
        status: statusFor(current, owned.of(current)),
      }),
      { subresource: "status" },
    );
    return isRefused ? RETRY_MS : undefined;
  });
  onChange(context, statefulSets, ({ type, object }) => {
    if (type !== "DELETED") queue.add(flatKey(object));
  });
  queueOwner(context, pods, "StatefulSet", queue);
}

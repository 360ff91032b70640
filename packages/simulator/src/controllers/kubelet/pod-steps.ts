import type { FailureRule } from "../../control/failures.ts";
import type { ContainerStatus, PodSpec, PodStatus } from "../../kinds/pod-types.ts";
import type { KubeObject } from "../../objects/object.ts";
import type { Delays } from "../delays.ts";
import { succeeded, toWaiting } from "./container-states.ts";
import { type Note, nextContainerStep } from "./container-steps.ts";
import { admitted, settled } from "./pod-status.ts";

/** What a pod does next: a new status, or its end when `status` is missing. */
export interface PodStep {
  readonly name: string;
  readonly afterMs: number;
  readonly notes: readonly Note[];
  readonly status?: (pod: KubeObject) => PodStatus;
}

type StatusList = "initContainerStatuses" | "containerStatuses";

const statusOf = (pod: KubeObject): PodStatus => pod.status as PodStatus;

const replaceAt = (
  list: readonly ContainerStatus[],
  index: number,
  next: (before: ContainerStatus) => ContainerStatus,
): readonly ContainerStatus[] => list.map((entry, position) => (position === index ? next(entry) : entry));

/** With the last init container done, the others stop showing PodInitializing. */
function afterInit(status: PodStatus): PodStatus {
  const inits = status.initContainerStatuses ?? [];
  return inits.every(({ state }) => succeeded(state))
    ? {
        ...status,
        initContainerStatuses: inits.map((init) => ({ ...init, ready: true })),
      }
    : status;
}

function containerStep(
  pod: KubeObject,
  list: StatusList,
  index: number,
  failure: FailureRule | undefined,
  delays: Delays,
): PodStep | undefined {
  const status = statusOf(pod)[list]?.[index];
  if (status === undefined) return undefined;
  const init = list === "initContainerStatuses";
  const first = index === 0 ? failure : undefined;
  const step = nextContainerStep({ pod, status, init, failure: first, delays });
  return (
    step && {
      name: `${status.name} ${step.name}`,
      afterMs: step.afterMs,
      notes: step.notes,
      status: (now) => {
        const before = statusOf(now);
        const changed = replaceAt(before[list] ?? [], index, step.apply);
        return settled(now, afterInit({ ...before, [list]: changed }));
      },
    }
  );
}

const admit = (podIP: string): PodStep => ({
  name: "admit",
  afterMs: 0,
  notes: [],
  status: (pod) => admitted(pod, podIP),
});

/** The node takes the pod's resources back: it ends, and its controller makes another. */
function evict(failure: FailureRule, delays: Delays): PodStep {
  const message =
    failure.message ?? "The node was low on resource: memory. Threshold quantity: 100Mi, available: 42Mi.";
  return {
    name: "evict",
    afterMs: delays.crashMs + delays.backOffMs,
    notes: [{ type: "Warning", reason: "Evicted", message }],
    status: (pod) => ({
      ...settled(pod, {
        ...statusOf(pod),
        containerStatuses: (statusOf(pod).containerStatuses ?? []).map((each) =>
          toWaiting(each, "ContainerCreating", ""),
        ),
      }),
      phase: "Failed",
      reason: "Evicted",
      message,
    }),
  };
}

/** A volume that cannot be mounted: nothing starts, an event says why. */
function mountTrouble(pod: KubeObject, failure: FailureRule, delays: Delays) {
  const message =
    failure.message ?? 'MountVolume.SetUp failed for volume "workspace" : configmap "repl-files" not found';
  return {
    name: `mount ${pod.metadata.resourceVersion}`,
    afterMs: delays.backOffMs,
    notes: [{ type: "Warning", reason: "FailedMount", message } as const],
    status: (now: KubeObject) => statusOf(now),
  };
}

const isOver = ({ phase }: PodStatus): boolean => phase === "Succeeded" || phase === "Failed";

/** Everything the pod does next; its containers go on independently, its init containers one by one. */
export function nextPodSteps(
  pod: KubeObject,
  failure: FailureRule | undefined,
  delays: Delays,
  podIP: string,
): readonly PodStep[] {
  const spec = pod.spec as PodSpec;
  const status = statusOf(pod);
  if (spec.nodeName === undefined) return [];
  if (pod.metadata.deletionTimestamp !== undefined) return [{ name: "end", afterMs: delays.terminateMs, notes: [] }];
  if (isOver(status)) return [];
  if (status.containerStatuses === undefined) return [admit(podIP)];
  if (failure?.failure === "evicted") return [evict(failure, delays)];
  if (failure?.failure === "failed_mount") return [mountTrouble(pod, failure, delays)];
  const inits = status.initContainerStatuses ?? [];
  const open = inits.findIndex(({ state }) => !succeeded(state));
  const steps =
    open === -1
      ? status.containerStatuses.map((_, index) => containerStep(pod, "containerStatuses", index, failure, delays))
      : [containerStep(pod, "initContainerStatuses", open, failure, delays)];
  return steps.filter((step) => step !== undefined);
}

import type { ContainerStatus, PodPhase, PodSpec, PodStatus } from "../../kinds/pod-types.ts";
import { type Condition, condition, withCondition } from "../../objects/conditions.ts";
import { type KubeObject, timestamp } from "../../objects/object.ts";
import { succeeded, waitingStatus } from "./container-states.ts";

const isBestEffort = (spec: PodSpec): boolean =>
  [...(spec.initContainers ?? []), ...spec.containers].every(
    ({ resources }) => resources?.requests === undefined && resources?.limits === undefined,
  );

/** The status right after the node took the pod: nothing has started. */
export function admitted(pod: KubeObject, podIP: string): PodStatus {
  const spec = pod.spec as PodSpec;
  const before = pod.status as PodStatus;
  const inits = spec.initContainers ?? [];
  const reason = inits.length > 0 ? "PodInitializing" : "ContainerCreating";
  return settled(pod, {
    ...before,
    observedGeneration: pod.metadata.generation ?? 1,
    phase: "Pending",
    hostIP: "10.0.0.1",
    podIP,
    startTime: timestamp(),
    qosClass: isBestEffort(spec) ? "BestEffort" : "Burstable",
    ...(inits.length > 0
      ? {
          initContainerStatuses: inits.map((init) => waitingStatus(init, "PodInitializing")),
        }
      : {}),
    containerStatuses: spec.containers.map((container) => waitingStatus(container, reason)),
  });
}

const hasStarted = ({ state, lastState }: ContainerStatus): boolean =>
  state.running !== undefined || state.terminated !== undefined || lastState.terminated !== undefined;

function phaseOf(spec: PodSpec, status: PodStatus): PodPhase {
  const inits = status.initContainerStatuses ?? [];
  const containers = status.containerStatuses ?? [];
  const never = spec.restartPolicy === "Never";
  const dead = ({ state }: ContainerStatus): boolean => state.terminated !== undefined && !succeeded(state);
  if (never && inits.some(dead)) return "Failed";
  if (!inits.every(({ state }) => succeeded(state))) return "Pending";
  const over = spec.restartPolicy !== "Always" && containers.every(({ state }) => state.terminated !== undefined);
  if (over && containers.every(({ state }) => succeeded(state))) return "Succeeded";
  if (over && never) return "Failed";
  return containers.some(hasStarted) ? "Running" : "Pending";
}

const yesNo = (value: boolean): "True" | "False" => (value ? "True" : "False");

const names = (list: readonly ContainerStatus[]): string => `[${list.map(({ name }) => name).join(" ")}]`;

function initialized(status: PodStatus): Condition {
  const open = (status.initContainerStatuses ?? []).filter(({ state }) => !succeeded(state));
  const told =
    open.length === 0
      ? {}
      : {
          reason: "ContainersNotInitialized",
          message: `containers with incomplete status: ${names(open)}`,
        };
  return { type: "Initialized", status: yesNo(open.length === 0), ...told };
}

function readiness(type: string, status: PodStatus): Condition {
  const open = (status.containerStatuses ?? []).filter(({ ready }) => !ready);
  if (status.phase === "Succeeded") return { type, status: "False", reason: "PodCompleted" };
  const told =
    open.length === 0
      ? {}
      : {
          reason: "ContainersNotReady",
          message: `containers with unready status: ${names(open)}`,
        };
  return { type, status: yesNo(open.length === 0), ...told };
}

/** Phase and conditions as they follow from the containers. */
export function settled(pod: KubeObject, status: PodStatus): PodStatus {
  const phase = phaseOf(pod.spec as PodSpec, status);
  const next = { ...status, phase };
  const conditions = [
    { type: "PodReadyToStartContainers", status: "True" } as const,
    initialized(next),
    readiness("Ready", next),
    readiness("ContainersReady", next),
  ].reduce<readonly Condition[]>(
    (list, entry) => withCondition(list, { lastProbeTime: null, ...entry }),
    status.conditions ?? [],
  );
  return { ...next, conditions };
}

/** Whether the pod serves: its condition Ready is True. */
export const isPodReady = (pod: KubeObject): boolean =>
  condition((pod.status as PodStatus).conditions, "Ready")?.status === "True";

import type { Phase } from "@repl/contract";
import type { ContainerState, PodState } from "./pod.ts";

/** Where a start stands while its pods come up. */
export interface Progress {
  readonly phase: Phase;
  readonly message: string;
}

/** Reads the step a start is at from its newest pod. */
export function progressOf(pods: readonly PodState[]): Progress {
  const pod = pods
    .filter(({ terminating, phase }) => !terminating && phase !== "Failed")
    .toSorted((left, right) => left.createdAtMs - right.createdAtMs)
    .at(-1);
  if (pod === undefined) return { phase: "scheduling", message: "Waiting for a pod." };
  if (pod.unscheduled !== undefined) {
    return { phase: "scheduling", message: `Waiting for a node: ${pod.unscheduled.message || pod.unscheduled.reason}` };
  }
  if (pod.node === "") return { phase: "scheduling", message: "Waiting for a node." };
  return pod.initialized ? mainProgress(pod) : initProgress(pod);
}

function initProgress(pod: PodState): Progress {
  const current = pod.containers.find(({ init, ended }) => init && !(ended?.now === true && ended.exitCode === 0));
  if (current?.running === true) return { phase: "copying", message: "Copying the repl's files." };
  return { phase: "pulling", message: waitingFor(current, "Preparing the containers.") };
}

function mainProgress(pod: PodState): Progress {
  const current = pod.containers.find(({ init, ready }) => !init && !ready);
  if (current?.running === true) return { phase: "starting", message: `Waiting for ${current.name} to be ready.` };
  return { phase: "starting", message: waitingFor(current, "Starting the workspace.") };
}

/** Kubelet calls pulling and creating alike `ContainerCreating` or `PodInitializing`, which tells a user nothing. */
const ROUTINE = new Set(["ContainerCreating", "PodInitializing"]);

function waitingFor(container: ContainerState | undefined, otherwise: string): string {
  const waiting = container?.waiting;
  if (waiting === undefined || ROUTINE.has(waiting.reason)) return otherwise;
  return `${container?.name}: ${[waiting.reason, waiting.message].filter(Boolean).join(": ")}`;
}

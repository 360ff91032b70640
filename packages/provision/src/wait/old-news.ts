import type { KubeObject } from "@repl/kube";
import type { ClusterView } from "./cluster-view.ts";
import type { PodState } from "./pod.ts";
import { isRefused, PROGRESS_DEADLINE } from "./signal.ts";
import { readWorkload, type WorkloadState } from "./workload.ts";

/** Of a repl's pods in the view, those that no node had refused before the attempt began: such stay for long after they were replaced. */
export function podsOfAttempt(view: ClusterView, replId: string, namespace: string): () => readonly PodState[] {
  const all = () => view.podsOf(replId, namespace);
  const before = new Set(
    all()
      .filter(isRefused)
      .map(({ uid }) => uid),
  );
  return () => all().filter(({ uid }) => !before.has(uid));
}

/**
 * A workload's state without a progress deadline that had passed before the attempt began, as long as its controller does
 * not take that back: the pod may be about to be ready.
 */
export function stateOfAttempt(workload: KubeObject): (state: WorkloadState) => WorkloadState {
  let before = passedDeadline(readWorkload(workload));
  return (state) => {
    if (passedDeadline(state) !== before) before = undefined;
    if (before === undefined) return state;
    return { ...state, failing: state.failing.filter(({ reason }) => reason !== PROGRESS_DEADLINE) };
  };
}

/** Its message names the ReplicaSet that is late. */
function passedDeadline({ failing }: WorkloadState): string | undefined {
  return failing.find(({ reason }) => reason === PROGRESS_DEADLINE)?.message;
}

import type { KubeObject } from "@repl/kube";
import type { ClusterView } from "./cluster-view.ts";
import type { PodState } from "./pod.ts";
import { type Graces, podRefusal, type Signal } from "./signal.ts";
import { NOTHING_SUSPECTED, type Suspect } from "./suspicion.ts";

/** Kinds whose controllers say in an event alone that a pod was refused; a Deployment has a condition for it. */
const SILENT: ReadonlySet<string> = new Set(["StatefulSet", "Job"]);

/** Asks for the events of a silent workload that has had no pod for a while: its pods may be refused. */
export function suspectRefusals(workload: KubeObject, view: ClusterView, graces: Graces, signal: AbortSignal): Suspect {
  if (!SILENT.has(workload.kind)) return async () => NOTHING_SUSPECTED;
  // A refusal from before may be over, the controller's next try being minutes away. Events keep whole seconds.
  const beganAtMs = Math.floor(Date.now() / 1_000) * 1_000;
  let lookAtMs: number | undefined;
  let signals: readonly Signal[] = [];

  const ask = async (): Promise<readonly Signal[]> => {
    const refusals = await view.refusals(workload, signal);
    const last = refusals.filter(({ atMs }) => atMs >= beganAtMs).at(-1);
    return last === undefined ? [] : [podRefusal(last, graces)];
  };

  return async (pods) => {
    if (pods === undefined || pods.some(isThere)) {
      lookAtMs = undefined;
      signals = [];
      return NOTHING_SUSPECTED;
    }
    lookAtMs ??= performance.now() + graces.configMs;
    if (performance.now() >= lookAtMs) {
      signals = await ask();
      lookAtMs = performance.now() + graces.configMs;
    }
    return { signals, lookWithinMs: lookAtMs - performance.now() };
  };
}

function isThere({ terminating }: PodState): boolean {
  return !terminating;
}

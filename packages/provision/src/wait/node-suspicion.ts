import type { ClusterView } from "./cluster-view.ts";
import type { Graces, Signal } from "./signal.ts";
import type { Suspect } from "./suspicion.ts";

/**
 * Asks for the nodes of pods that have shown nothing new for a while. A pod does not say that its node went away: its
 * status stays as the kubelet left it, until the pod is evicted after five minutes (node.kubernetes.io/unreachable).
 */
export function suspectNodes(view: ClusterView, { silenceMs, nodeLostMs }: Graces, signal: AbortSignal): Suspect {
  let seen = "";
  let changedAt = performance.now();
  return async (pods = []) => {
    const placed = pods.filter(({ node, ready, terminating }) => node !== "" && !ready && !terminating);
    const sees = JSON.stringify(placed);
    if (sees !== seen) changedAt = performance.now();
    seen = sees;
    const leftMs = changedAt + silenceMs - performance.now();
    if (placed.length === 0 || leftMs > 0) return { signals: [], lookWithinMs: Math.max(leftMs, 0) || silenceMs };
    const found = placed.map(async ({ name, node }): Promise<Signal[]> => {
      const trouble = await view.nodeTrouble(node, signal);
      if (trouble === undefined) return [];
      const detail = `The node ${node} of the pod ${name} ${trouble}`;
      return [{ code: "node_lost", graceMs: nodeLostMs, detail, details: { pod: name, node } }];
    });
    return { signals: (await Promise.all(found)).flat(), lookWithinMs: silenceMs };
  };
}

import type { KubeClient } from "@repl/kube";
import type { Attempt } from "../attempt.ts";
import { explain } from "../explain.ts";
import { ownedBy, type Plan } from "../plan/plan.ts";
import type { Manifest } from "../render/stamp.ts";
import { settleAll } from "../settle-all.ts";
import { manifestApplier, type Patience } from "./apply-manifest.ts";
import type { Change } from "./change.ts";

/** What was applied. */
export interface Applied {
  /** The workload's change; its object carries the uid and generation that readiness is judged by. */
  readonly workload: Change;
  /** All changes, the workload's first. */
  readonly changes: readonly Change[];
}

/**
 * Makes the cluster agree with a plan: creates, and where a name is taken does what its kind's rule says. On the happy
 * path it is one write for each manifest and no read. Repeating it is harmless.
 * @throws {Failure} with a code of the contract
 */
export async function apply(plan: Plan, client: KubeClient, attempt: Attempt, patience: Patience): Promise<Applied> {
  const applyManifest = manifestApplier(client, attempt, patience);
  const applyAll = (manifests: readonly Manifest[]) => settleAll(manifests.map(applyManifest));
  try {
    const before = await applyAll(plan.before);
    const workload = await applyManifest(plan.workload);
    const after = await applyAll(plan.after.map((manifest) => ownedBy(manifest, workload.object)));
    return { workload, changes: [workload, ...before, ...after] };
  } catch (error) {
    throw explain(error);
  }
}

import type { KubeClient } from "@repl/kube";
import type { Attempt } from "../attempt.ts";
import { explain } from "../explain.ts";
import { ruleOf } from "../kinds.ts";
import type { Manifest } from "../render/stamp.ts";
import { settleAll } from "../settle-all.ts";
import { manifestApplier, type Patience } from "./apply-manifest.ts";
import type { ChangeSet } from "./change.ts";

/**
 * Makes a user's namespace, and what belongs in it, be as its manifests say. One that is being deleted is waited for and
 * made again; one that somebody else made is refused.
 * @throws {Failure} with a code of the contract
 */
export async function applyUserNamespace(
  manifests: readonly Manifest[],
  client: KubeClient,
  attempt: Attempt,
  patience: Patience,
): Promise<ChangeSet> {
  const applyManifest = manifestApplier(client, attempt, patience);
  const isNamespace = (manifest: Manifest) => ruleOf(manifest).wave === "namespace";
  try {
    const first = await settleAll(manifests.filter(isNamespace).map(applyManifest));
    const rest = await settleAll(manifests.filter((manifest) => !isNamespace(manifest)).map(applyManifest));
    return [...first, ...rest];
  } catch (error) {
    throw explain(error);
  }
}

import { type KubeClient, refOf } from "@repl/kube";
import type { Patience } from "../apply/apply-manifest.ts";
import { type Change, type ChangeSet, change } from "../apply/change.ts";
import { isOurs } from "../apply/decide.ts";
import { removeResource } from "../apply/remove-resource.ts";
import { retryOptions } from "../apply/retry-options.ts";
import { find, waitUntilGone } from "../apply/wait-until-gone.ts";
import type { Attempt } from "../attempt.ts";
import { explain } from "../explain.ts";
import { outlivesItsRepl } from "../kinds.ts";
import type { Manifest } from "../render/stamp.ts";
import { settleAll } from "../settle-all.ts";

/**
 * Deletes a repl's resources and waits until they, and the pods they own, are gone. What is not there, or belongs to
 * someone else, counts as absent. Each delete names the uid that was read, so that a namesake made since survives.
 * Claims stay: they hold the user's files.
 * @throws {Failure} with a code of the contract
 */
export async function stop(
  manifests: readonly Manifest[],
  client: KubeClient,
  attempt: Attempt,
  patience: Patience,
): Promise<ChangeSet> {
  const doomed = manifests.filter((manifest) => !outlivesItsRepl(manifest));
  try {
    return await settleAll(doomed.map((manifest) => remove(manifest, client, attempt, patience)));
  } catch (error) {
    throw explain(error);
  }
}

async function remove(manifest: Manifest, client: KubeClient, attempt: Attempt, patience: Patience): Promise<Change> {
  const { signal } = attempt;
  const retry = retryOptions(attempt, patience.unavailableMs);
  const ref = refOf(manifest);
  const live = await find(client, ref, retry);
  if (live === undefined || !isOurs(manifest, live)) return change("absent", manifest);
  await removeResource(client, attempt, live, retry);
  await waitUntilGone(client, ref, live.metadata.uid ?? "", { signal, ...patience });
  return change("deleted", live);
}

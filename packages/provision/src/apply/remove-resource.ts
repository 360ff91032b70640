import { type KubeClient, KubeError, type KubeObject, type RetryOptions, refOf, withRetry } from "@repl/kube";
import type { Attempt } from "../attempt.ts";

/**
 * Deletes the very resource that was read; gone, or replaced by a namesake, is as good. Foreground, so that its pods are
 * gone before it is, and before new ones claim what they hold.
 */
export function removeResource(
  client: KubeClient,
  attempt: Attempt,
  live: KubeObject,
  retry: RetryOptions,
): Promise<void> {
  const { signal } = attempt;
  return withRetry(async (triesSoFar) => {
    await attempt.guard();
    try {
      await client.remove(refOf(live), { uid: live.metadata.uid, propagation: "Foreground", signal, triesSoFar });
    } catch (error) {
      if (!(error instanceof KubeError && (error.class === "gone" || error.class === "reread"))) throw error;
    }
  }, retry);
}

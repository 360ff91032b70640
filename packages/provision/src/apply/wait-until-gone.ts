import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "@repl/contract";
import { type KubeClient, KubeError, type ResourceRef, type RetryOptions, subjectOf, withRetry } from "@repl/kube";

/** How long to wait, and by whose leave. */
export interface GoneOptions {
  readonly signal: AbortSignal;
  /** Longest wait for the resource to go. */
  readonly goneMs: number;
  /** Longest wait for an API server that does not answer. */
  readonly unavailableMs: number;
}

const FIRST_LOOK_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** Of the finalizers that a failure names; nobody bounds how many there are. */
const MOST_NAMED = 10;

/**
 * Waits until the resource of that uid is gone; a namesake made since counts as gone.
 * @throws {Failure} `delete_blocked`, naming the finalizers it waits for
 */
export async function waitUntilGone(
  client: KubeClient,
  ref: ResourceRef,
  uid: string,
  options: GoneOptions,
): Promise<void> {
  const { signal, goneMs, unavailableMs } = options;
  const endsAt = performance.now() + goneMs;
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const live = await find(client, ref, { signal, deadlineMs: unavailableMs });
    if (live === undefined || live.metadata.uid !== uid) return;
    if (performance.now() + pauseMs > endsAt) {
      const finalizers = (live.metadata.finalizers ?? []).slice(0, MOST_NAMED);
      const because = finalizers.length > 0 ? `is held by the finalizers ${finalizers.join(", ")}` : "has not gone yet";
      throw new Failure("delete_blocked", {
        detail: `${subjectOf(ref)} ${because}.`,
        details: { subject: subjectOf(ref), finalizers },
      });
    }
    await sleep(pauseMs, undefined, { signal });
  }
}

/** The resource, or undefined where there is none. */
export function find(client: KubeClient, ref: ResourceRef, options: RetryOptions) {
  return withRetry(async (triesSoFar) => {
    try {
      return await client.get(ref, { signal: options.signal, triesSoFar });
    } catch (error) {
      if (error instanceof KubeError && error.class === "gone") return undefined;
      throw error;
    }
  }, options);
}

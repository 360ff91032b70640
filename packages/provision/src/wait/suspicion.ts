import type { PodState } from "./pod.ts";
import type { Signal } from "./signal.ts";

/** What the cluster says beside the watches, where they show nothing new for a while. */
export interface Suspicion {
  readonly signals: readonly Signal[];
  /** When to look again though nothing has changed. */
  readonly lookWithinMs: number;
}

/** Asks where it suspects something. `pods` are those of the current manifest; undefined where they are not known at the moment. */
export type Suspect = (pods: readonly PodState[] | undefined) => Promise<Suspicion>;

export const NOTHING_SUSPECTED: Suspicion = { signals: [], lookWithinMs: Number.POSITIVE_INFINITY };

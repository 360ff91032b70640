import type { History } from "./history/history.ts";
import { INVARIANTS } from "./invariants.ts";

/** An invariant that a history breaks, and how. */
export interface Violation {
  /** `I1` to `I22`. */
  readonly invariant: string;
  readonly what: string;
}

/** Everything in a history that breaks an invariant; empty where all hold. Pure: the same history, the same answer. */
export function checkHistory(history: History): Violation[] {
  return INVARIANTS.flatMap(({ id, check }) => (check?.(history) ?? []).map((what) => ({ invariant: id, what })));
}

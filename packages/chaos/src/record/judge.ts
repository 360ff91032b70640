import { checkHistory, type EndState, type HistoryEvent, type Setup, type Violation } from "@repl/checker";
import { FIRST_BACKOFF_MS, MAX_ATTEMPTS } from "@repl/contract";
import { KINDS } from "./kinds.ts";

/** What the checks depend on, where a run says nothing else. */
export function setupOf(namespace: string, more: Partial<Setup> = {}): Setup {
  return {
    namespace,
    kinds: KINDS,
    maxAttempts: MAX_ATTEMPTS,
    firstBackoffMs: FIRST_BACKOFF_MS,
    answerMs: ANSWER_MS,
    convergeMs: CONVERGE_MS,
    troubled: [],
    foreign: [],
    lossy: false,
    ...more,
  };
}

/**
 * The two seconds that are promised, and as much again: with 120 clients on two cores, at a load of 18 while processes were killed
 * and started, the slowest answer took 1.8 s. `outages` holds the promise itself.
 */
const ANSWER_MS = 4_000;
/** Locks, leases and pauses of attempts that were under way, and as much again for a busy machine. */
export const CONVERGE_MS = 90_000;

/** Everything that breaks an invariant. */
export function judge(setup: Setup, events: readonly HistoryEvent[], end: EndState): Violation[] {
  return checkHistory({ setup, events, end });
}

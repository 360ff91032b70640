import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";

/** How {@link waitFor} waits. */
export interface WaitOptions {
  /** What is awaited, as the error will name it: "the job to complete". */
  readonly what: string;
  /** Deadline in ms; default 10,000. A condition that never settles counts as not met. */
  readonly timeoutMs?: number;
  /** Pause between two looks in ms; default 20. */
  readonly intervalMs?: number;
}

type Falsy = false | undefined | null | 0 | "";

/** How one look ended; `value` is what was seen or thrown. */
type Look<T> = { readonly met: true; readonly value: T } | { readonly met: false; readonly value: unknown };

const UNSETTLED = Symbol("a look that did not settle in time");

/**
 * Looks until `condition` returns something truthy, and returns that. A condition that throws is not met yet, so an
 * assertion may be the condition.
 * @throws Error that says what was awaited, for how long, and the last value or error seen.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 10_000, intervalMs = 20 }: WaitOptions,
): Promise<Exclude<T, Falsy>> {
  const deadlineMs = performance.now() + timeoutMs;
  let last: Look<T> = { met: false, value: undefined };
  do {
    const look = await withinMs(lookOnce(condition), deadlineMs - performance.now());
    if (look === UNSETTLED) break;
    if (look.met) return look.value as Exclude<T, Falsy>;
    last = look;
    await delay(Math.min(intervalMs, Math.max(0, deadlineMs - performance.now())));
  } while (performance.now() < deadlineMs);
  const seen = last.value instanceof Error ? last.value.message : inspect(last.value, { depth: 4, breakLength: 120 });
  throw new Error(`waited ${timeoutMs} ms for ${what}; last seen: ${seen}`, { cause: last.value });
}

async function lookOnce<T>(condition: () => T | Promise<T>): Promise<Look<T>> {
  try {
    const value = await condition();
    return value ? { met: true, value } : { met: false, value };
  } catch (error) {
    return { met: false, value: error };
  }
}

async function withinMs<T>(promise: Promise<T>, ms: number): Promise<T | typeof UNSETTLED> {
  const abort = new AbortController();
  const deadline = delay(Math.max(0, ms), UNSETTLED, { signal: abort.signal }).catch(() => UNSETTLED);
  try {
    return await Promise.race([promise, deadline as Promise<typeof UNSETTLED>]);
  } finally {
    abort.abort();
  }
}

import { setTimeout as sleep } from "node:timers/promises";
import type { ErrorClass } from "./error-class.ts";
import { KubeError } from "./kube-error.ts";

/** The shape of the waits between tries. */
export interface RetryPolicy {
  /** The first wait, before jitter. */
  baseMs: number;
  /** The longest wait that we choose ourselves; a server's Retry-After may be longer. */
  capMs: number;
  /** Random addition to a Retry-After, so that those sent away together do not come back together. */
  retryAfterJitterMs: number;
  /** Whether a write with an unknown outcome is sent again: only where sending it twice does no harm. */
  retryUnknown: boolean;
}

/** 100 ms, doubling up to 2 s: a short cap, so that work goes on within seconds after an outage. */
export const RETRY_POLICY: Readonly<RetryPolicy> = {
  baseMs: 100,
  capMs: 2000,
  retryAfterJitterMs: 500,
  retryUnknown: false,
};

/**
 * How long to wait before the next try, in milliseconds; undefined: do not try again.
 * @param triesSoFar tries made, at least 1
 * @param random from 0 to below 1
 */
export function nextDelay(error: unknown, triesSoFar: number, policy: RetryPolicy, random: number): number | undefined {
  if (!(error instanceof KubeError)) return undefined;
  if (!mayRetry(error, policy)) return undefined;
  if (error.maxTries !== undefined && triesSoFar >= error.maxTries) {
    return undefined;
  }
  const backoffMs = backoff(triesSoFar, policy, random);
  if (error.retryAfterMs === undefined) return backoffMs;
  return Math.max(backoffMs, error.retryAfterMs + random * policy.retryAfterJitterMs);
}

const REFUSALS: ReadonlySet<ErrorClass> = new Set(["capacity", "forbidden", "unauthenticated"]);

function mayRetry(error: KubeError, policy: RetryPolicy): boolean {
  if (error.class === "outcome_unknown") return policy.retryUnknown;
  // What only an operator changes, unless the row says that a server which has just started answers the same.
  if (REFUSALS.has(error.class)) return error.maxTries !== undefined;
  return error.class === "retry" || error.class === "retry_after";
}

/** Exponential with equal jitter: between half of the wait and all of it, so that it never collapses to nothing. */
function backoff(tries: number, policy: RetryPolicy, random: number): number {
  const full = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(tries - 1, 30));
  return full / 2 + (full / 2) * random;
}

/** How an operation is repeated. */
export interface RetryOptions {
  /** Ends waiting and trying; the signal's reason is thrown. */
  signal?: AbortSignal | undefined;
  /** From the first try on; when the next try could not begin before it, the last error is thrown at once. */
  deadlineMs: number;
  /** See RetryPolicy; false where left out. */
  retryUnknown?: boolean | undefined;
  /** Told before each wait; for progress and logs. */
  onRetry?: ((error: KubeError, triesSoFar: number, delayMs: number) => void) | undefined;
  policy?: Partial<RetryPolicy> | undefined;
  random?: (() => number) | undefined;
}

/**
 * Runs an operation until it succeeds, fails with something that no repetition heals, or the deadline is near.
 * Classes that heal (an outage, an overload) are bound by the deadline alone, odd ones by their `maxTries` as well.
 * @throws what the operation threw last, or the signal's reason
 */
export async function withRetry<T>(operation: (triesSoFar: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const policy = { ...RETRY_POLICY, ...options.policy };
  if (options.retryUnknown !== undefined) {
    policy.retryUnknown = options.retryUnknown;
  }
  const random = options.random ?? Math.random;
  const endsAt = performance.now() + options.deadlineMs;
  for (let tries = 1; ; tries++) {
    options.signal?.throwIfAborted();
    try {
      return await operation(tries - 1);
    } catch (error) {
      const delayMs = nextDelay(error, tries, policy, random());
      if (delayMs === undefined || performance.now() + delayMs > endsAt) {
        throw error;
      }
      options.onRetry?.(error as KubeError, tries, delayMs);
      await pause(delayMs, options.signal);
    }
  }
}

/** Waits; throws the signal's own reason when it is aborted. */
async function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(delayMs, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

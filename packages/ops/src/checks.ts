import { setTimeout as sleep } from "node:timers/promises";

/** Something the process depends on; it may throw at once. Resolves when it works, rejects with an error whose message says what is wrong. */
export type Check = () => Promise<unknown>;

/** What the checks found: the state of each by name, and whether all of them passed. */
export interface CheckReport {
  readonly ready: boolean;
  /** `ok`, or what is wrong. */
  readonly checks: Readonly<Record<string, string>>;
}

/** A check that has not answered by then counts as failed. */
const LONGEST_CHECK_MS = 1_000;

/** Runs all checks at once; never rejects and ends within about a second. */
export async function runChecks(checks: Readonly<Record<string, Check>>): Promise<CheckReport> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await outcomeOf(check)] as const),
  );
  return { ready: results.every(([, outcome]) => outcome === "ok"), checks: Object.fromEntries(results) };
}

async function outcomeOf(check: Check): Promise<string> {
  const stop = new AbortController();
  const late = sleep(LONGEST_CHECK_MS, `no answer within ${LONGEST_CHECK_MS} ms`, { signal: stop.signal }).catch(
    () => "",
  );
  const outcome = (async () => check())().then(
    () => "ok",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const first = await Promise.race([outcome, late]);
  stop.abort();
  return first;
}

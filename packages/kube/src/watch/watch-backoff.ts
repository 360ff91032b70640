import { KubeError } from "../errors/kube-error.ts";

/**
 * During an outage: never more than this between two tries. client-go waits up to 30 s, which is what a start would then
 * wait after the outage has ended. Asking a closed port once a second costs nobody anything.
 */
const OUTAGE_MS = { base: 100, cap: 1500 };

/** What asking again does not heal (permissions, a wrong selector, garbage): client-go's own, 0.8 s up to 30 s. */
const REFUSAL_MS = { base: 800, cap: 30_000 };

/** Spread of a Retry-After, so that all clients do not come back at once. */
const RETRY_AFTER_JITTER_MS = 500;

/** What kind of failure ended a LIST or WATCH. */
type WatchFailure = "expired" | "silence" | "outage" | "refusal";

/** Failures in a row, of one kind. */
export interface FailureRun {
  kind: WatchFailure;
  count: number;
}

/**
 * The run with one more failure in it. Another kind begins a run of its own: an expired version is what a server answers
 * that has just come back (seen on kube-apiserver 1.35), and must not wait as long as forty refused connections before it.
 */
export function countFailure(run: FailureRun | undefined, error: unknown): FailureRun {
  const kind = kindOf(error);
  return { kind, count: run?.kind === kind ? run.count + 1 : 1 };
}

/**
 * How long to wait before the next LIST or WATCH, in milliseconds.
 * @param run the failures in a row, this one included
 * @param random from 0 to below 1
 */
export function watchDelayMs(error: unknown, run: FailureRun, random: number): number {
  if (error instanceof KubeError && error.retryAfterMs !== undefined) {
    return error.retryAfterMs + random * RETRY_AFTER_JITTER_MS;
  }
  // A version that expired once is the course of things; again and again would be LIST upon LIST.
  if (run.kind === "expired" && run.count === 1) return 0;
  const { base, cap } = run.kind === "refusal" || run.kind === "expired" ? REFUSAL_MS : OUTAGE_MS;
  const full = Math.min(cap, base * 2 ** Math.min(run.count - 1, 30));
  return full / 2 + (full / 2) * random;
}

/**
 * Whether what comes after the version that we go on from can only be had by a LIST: it is too old, or two watches in a row
 * have been silent. One may have been on a link that died. A server that was put back to a backup waits for a version from
 * its future, without bookmarks (kubernetes.io/docs/reference/using-api/api-concepts, "Unavailable resource versions").
 */
export function needsList({ kind, count }: FailureRun): boolean {
  return kind === "expired" || (kind === "silence" && count > 1);
}

function kindOf(error: unknown): WatchFailure {
  if (!(error instanceof KubeError)) return "refusal";
  if (error.class === "expired") return "expired";
  if (error.code === "watch_idle") return "silence";
  return isPassing(error) ? "outage" : "refusal";
}

function isPassing(error: KubeError): boolean {
  return (error.class === "retry" || error.class === "retry_after") && error.maxTries === undefined;
}

import { Failure, PHASES } from "@repl/contract";
import type { KubeObject } from "@repl/kube";
import type { Attempt } from "../attempt.ts";
import { MANIFEST_HASH } from "../labels.ts";
import type { ClusterView } from "./cluster-view.ts";
import { type Progress, progressOf } from "./progress.ts";
import { type Graces, type Signal, signalsBeforeObserved, signalsOf } from "./signal.ts";

/** What a start waits for, and how long. */
export interface ReadyOptions {
  readonly view: ClusterView;
  readonly attempt: Attempt;
  readonly graces: Graces;
  /** Longest wait for readiness. */
  readonly deadlineMs: number;
}

/** Where the wait stands, computed from what the watch holds. */
type Look =
  | { readonly done: true }
  | { readonly done: false; readonly progress: Progress; readonly signals: readonly Signal[] };

/**
 * Waits until a workload, as this attempt wrote it, is ready. Judged in the order generation, failure, progress.
 * @param workload the resource as the API server answered the write: its uid and generation are what counts
 * @throws {Failure} as soon as a cause of failure has lasted longer than its grace, or at the deadline
 */
export async function waitUntilReady(workload: KubeObject, replId: string, options: ReadyOptions): Promise<void> {
  const { view, attempt } = options;
  const startedAt = performance.now();
  const firstSeen = new Map<string, number>();
  let shown = "";
  let percent = 0;

  for (;;) {
    attempt.signal.throwIfAborted();
    const changed = nextChange(view, replId, attempt.signal);
    try {
      const look = lookAt(workload, replId, options);
      if (look.done) return;
      const now = performance.now();
      const verdict = judge(look.signals, firstSeen, now);
      if (verdict.failure !== undefined) throw verdict.failure;
      if (now - startedAt >= options.deadlineMs) throw deadlineExceeded(look.progress, options.deadlineMs);
      const progress = verdict.waiting === undefined ? look.progress : { ...look.progress, message: verdict.waiting };
      // A pod that starts over goes back a phase; the percentage of an attempt never does.
      percent = Math.max(percent, PHASES[progress.phase]);
      const showing = JSON.stringify(progress);
      if (showing !== shown) await attempt.report({ ...progress, progress: percent });
      shown = showing;
      await changed.within(Math.min(verdict.recheckMs, startedAt + options.deadlineMs - now));
    } finally {
      changed.cancel();
    }
  }
}

function lookAt(workload: KubeObject, replId: string, { view, graces }: ReadyOptions): Look {
  const state = view.workload(workload.metadata.uid ?? "");
  if (state === undefined || state.observedGeneration < (workload.metadata.generation ?? 0)) {
    const signals = state === undefined ? [] : signalsBeforeObserved(state, graces);
    return { done: false, signals, progress: { phase: "scheduling", message: "Waiting for the cluster to act." } };
  }
  const hash = workload.metadata.annotations?.[MANIFEST_HASH];
  const pods = view.podsOf(replId).filter(({ manifestHash }) => manifestHash === hash);
  if (state.ready && !state.terminating) return { done: true };
  return { done: false, signals: signalsOf(state, pods, graces), progress: progressOf(pods) };
}

/** Which signal has outlived its grace, and else what is waited for and when to look again. */
function judge(signals: readonly Signal[], firstSeen: Map<string, number>, now: number) {
  const keys = new Set(signals.map(({ code }) => code as string));
  for (const key of firstSeen.keys()) if (!keys.has(key)) firstSeen.delete(key);
  let recheckMs = Number.POSITIVE_INFINITY;
  let waiting: string | undefined;
  for (const { code, graceMs, detail, details } of signals) {
    const since = firstSeen.get(code) ?? now;
    firstSeen.set(code, since);
    const leftMs = since + graceMs - now;
    if (leftMs <= 0) return { failure: new Failure(code, { detail, details }), waiting, recheckMs: 0 };
    recheckMs = Math.min(recheckMs, leftMs);
    const patience = Number.isFinite(graceMs)
      ? `Waiting up to ${Math.ceil(graceMs / 1_000)} s for this to change.`
      : "";
    waiting ??= `${detail.replace(/[.\s]*$/, ".")} ${patience}`.trim();
  }
  return { failure: undefined, waiting, recheckMs };
}

function deadlineExceeded({ phase, message }: Progress, deadlineMs: number): Failure {
  const detail = `After ${Math.round(deadlineMs / 1_000)} s it was still ${phase}: ${message}`;
  return new Failure("deadline_exceeded", { detail, details: { phase, message, deadlineSeconds: deadlineMs / 1_000 } });
}

/** Begins to listen at once, so that a change between the look and the wait is not missed. */
function nextChange(view: ClusterView, replId: string, signal: AbortSignal) {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => {});
  const unsubscribe = view.subscribe(replId, resolve);
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  let timer: NodeJS.Timeout | undefined;
  return {
    within(ms: number): Promise<void> {
      if (Number.isFinite(ms)) timer = setTimeout(resolve, Math.max(ms, 0));
      return promise;
    },
    cancel() {
      clearTimeout(timer);
      unsubscribe();
      signal.removeEventListener("abort", abort);
    },
  };
}

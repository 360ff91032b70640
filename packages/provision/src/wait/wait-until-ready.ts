import { Failure, PHASES } from "@repl/contract";
import type { KubeObject } from "@repl/kube";
import type { Attempt } from "../attempt.ts";
import { MANIFEST_HASH } from "../labels.ts";
import type { ClusterView } from "./cluster-view.ts";
import { suspectNodes } from "./node-suspicion.ts";
import { podsOfAttempt, stateOfAttempt } from "./old-news.ts";
import type { PodState } from "./pod.ts";
import { type Progress, progressOf } from "./progress.ts";
import { suspectRefusals } from "./refusal-suspicion.ts";
import { type Graces, type Signal, signalsBeforeObserved, signalsOf } from "./signal.ts";
import type { WorkloadState } from "./workload.ts";

/** What a start waits for, and how long. */
export interface ReadyOptions {
  readonly view: ClusterView;
  readonly attempt: Attempt;
  readonly graces: Graces;
  /** Longest wait for readiness. */
  readonly deadlineMs: number;
}

/** Where the wait stands. */
type Look =
  | { readonly done: true }
  | {
      readonly done: false;
      readonly progress: Progress;
      readonly signals: readonly Signal[];
      /** Those of the manifest that was written; undefined where they are not known at the moment. */
      readonly pods: readonly PodState[] | undefined;
    };

/**
 * Waits until a workload, as this attempt wrote it, is ready. Judged in the order generation, failure, progress.
 * @param workload the resource as the API server answered the write: its uid and generation are what counts
 * @throws {Failure} as soon as a cause of failure has lasted longer than its grace, when the workload is gone, or at the deadline
 */
export async function waitUntilReady(workload: KubeObject, replId: string, options: ReadyOptions): Promise<void> {
  const { view, attempt } = options;
  const look = looker(workload, replId, options);
  for (;;) {
    attempt.signal.throwIfAborted();
    const changed = nextChange(view, replId, attempt.signal);
    try {
      const again = await look();
      if (again === "ready") return;
      await changed.within(again.lookWithinMs);
    } finally {
      changed.cancel();
    }
  }
}

/** Says whether the workload is ready or when to look again at the latest. */
function looker(workload: KubeObject, replId: string, options: ReadyOptions) {
  const { view, attempt, graces, deadlineMs } = options;
  const { signal } = attempt;
  const deadline = performance.now() + deadlineMs;
  const firstSeen = new Map<string, number>();
  const show = reporter(attempt);
  const lookNow = observer(workload, replId, options);
  const suspects = [suspectNodes(view, graces, signal), suspectRefusals(workload, view, graces, signal)];
  const namespace = workload.metadata.namespace ?? "";
  let allowed = graces;

  const isHealing = async ({ code }: Failure) =>
    code === "unschedulable" && allowed === graces && (await view.isScalingUp(replId, namespace, signal));

  return async (): Promise<"ready" | { readonly lookWithinMs: number }> => {
    const isLate = performance.now() >= deadline;
    const { look, lookWithinMs } = await lookNow(allowed, isLate);
    if (look.done) return "ready";
    const suspicions = await Promise.all(suspects.map((suspect) => suspect(look.pods)));
    const signals = [...look.signals, ...suspicions.flatMap((suspicion) => suspicion.signals)];
    const now = performance.now();
    const { failure, waiting, recheckMs } = judge(signals, firstSeen, now);
    if (failure !== undefined) {
      // A pod that fits nowhere gets a longer grace where an autoscaler says that it is adding a node.
      if (!(await isHealing(failure))) throw failure;
      allowed = { ...graces, unschedulableMs: graces.scaleUpMs };
      return { lookWithinMs: 0 };
    }
    if (isLate) throw deadlineExceeded(look.progress, deadlineMs);
    await show(waiting === undefined ? look.progress : { ...look.progress, message: waiting });
    const lookMs = suspicions.map((suspicion) => suspicion.lookWithinMs);
    return { lookWithinMs: Math.min(recheckMs, deadline - now, lookWithinMs, ...lookMs) };
  };
}

/** How long a watch may be behind before the cluster itself is asked, and until it is asked again. */
const CATCH_UP_MS = 1_000;

/**
 * Looks at the view, or at the cluster itself where the view is behind what the API server answered this attempt or does
 * not hold the workload: its watch was interrupted, or the workload is gone. Nothing fails by a view that is behind.
 * @throws {Failure} workload_deleted
 */
function observer(workload: KubeObject, replId: string, { view, attempt }: ReadyOptions) {
  const { uid = "", namespace = "" } = workload.metadata;
  const podsNow = podsOfAttempt(view, replId, namespace);
  const ofAttempt = stateOfAttempt(workload);
  let certainAt = performance.now();

  const reread = async (): Promise<WorkloadState | undefined> => {
    const state = await view.reread(workload, attempt.signal);
    certainAt = performance.now();
    if (state !== "gone") return state;
    const { kind, metadata } = workload;
    throw new Failure("workload_deleted", { detail: `The ${kind} ${metadata.name} is not there any more.` });
  };

  return async (graces: Graces, isLate: boolean): Promise<{ readonly look: Look; readonly lookWithinMs: number }> => {
    const known = view.workload(uid);
    const pods = podsNow();
    if (known !== undefined && !isBehind(known, workload)) {
      certainAt = performance.now();
      const look = lookAt(workload, ofAttempt(known), pods, graces);
      // A watch may have missed what counts.
      if (isLate && !look.done && lookAt(workload, await reread(), pods, graces).done) return READY;
      return { look, lookWithinMs: Number.POSITIVE_INFINITY };
    }
    const waitMs = certainAt + CATCH_UP_MS - performance.now();
    const state = waitMs > 0 && !isLate ? undefined : await reread();
    const look = lookAt(workload, state, pods, graces);
    if (look.done) return READY;
    return { look: { ...look, signals: [], pods: undefined }, lookWithinMs: waitMs > 0 ? waitMs : CATCH_UP_MS };
  };
}

const READY = { look: { done: true }, lookWithinMs: 0 } as const;

/** Versions of one resource are numbers that grow (KEP-5504). */
function isBehind({ resourceVersion }: WorkloadState, { metadata }: KubeObject): boolean {
  return Number(resourceVersion) < Number(metadata.resourceVersion);
}

/** Reports progress where it changed. A pod that starts over goes back a phase; the percentage of an attempt never does. */
function reporter(attempt: Attempt) {
  let shown = "";
  let percent = 0;
  return async (progress: Progress): Promise<void> => {
    percent = Math.max(percent, PHASES[progress.phase]);
    const showing = JSON.stringify(progress);
    if (showing !== shown) await attempt.report({ ...progress, progress: percent });
    shown = showing;
  };
}

function lookAt(
  workload: KubeObject,
  state: WorkloadState | undefined,
  allPods: readonly PodState[],
  graces: Graces,
): Look {
  if (state === undefined || state.observedGeneration < (workload.metadata.generation ?? 0)) {
    const signals = state === undefined ? [] : signalsBeforeObserved(state, graces);
    const progress = { phase: "scheduling", message: "Waiting for the cluster to act." } as const;
    return { done: false, signals, progress, pods: undefined };
  }
  if (state.ready && !state.terminating) return { done: true };
  const hash = workload.metadata.annotations?.[MANIFEST_HASH];
  const pods = allPods.filter(({ manifestHash }) => manifestHash === hash);
  return { done: false, signals: signalsOf(state, pods, graces), progress: progressOf(pods), pods };
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

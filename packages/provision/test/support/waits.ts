import { setImmediate as turn } from "node:timers/promises";
import type { Failure, JobChange } from "@repl/contract";
import type { KubeObject } from "@repl/kube";
import { waitFor } from "@repl/testkit";
import { afterEach, expect } from "vitest";
import { MANIFEST_HASH } from "../../src/labels.ts";
import type { Graces } from "../../src/wait/signal.ts";
import { type ReadyOptions, waitUntilReady } from "../../src/wait/wait-until-ready.ts";
import { REPL, states } from "./fixtures.ts";
import { type MemoryView, memoryView } from "./memory-view.ts";
import { containers, HASH, type PodOptions, podObject } from "./pods.ts";

const { running, crashLoop } = containers;

/** A recorded state of the Deployment, as the state of one and the same Deployment. */
export function deployment(state: string, at: { generation?: number; observedGeneration?: number } = {}): KubeObject {
  const { generation = 1, observedGeneration = generation } = at;
  const recorded = states("deployment")[state] as KubeObject;
  return {
    ...recorded,
    metadata: { ...recorded.metadata, uid: "d1", generation, annotations: { [MANIFEST_HASH]: HASH } },
    status: { ...(recorded.status as object), observedGeneration },
  };
}

/** A recorded state of a StatefulSet or Job whose generation its controller has acted on. */
export function silent(kind: "statefulset" | "job", state = "created"): KubeObject {
  const recorded = states(kind)[state] as KubeObject;
  return {
    ...recorded,
    metadata: { ...recorded.metadata, annotations: { [MANIFEST_HASH]: HASH } },
    status: { ...(recorded.status as object), observedGeneration: 1 },
  };
}

export const pod = (options: PodOptions) => podObject(options);
export const starting = (options: PodOptions = {}) => pod({ phase: "Running", main: [running("runner")], ...options });
export const copying = (options: PodOptions = {}) =>
  pod({ conditions: { PodScheduled: "True", Initialized: "False" }, init: [running("copy")], ...options });
export const crashing = (options: PodOptions = {}) =>
  pod({ main: [crashLoop("runner", 1, "Error", "boom")], ...options });
export const unschedulable = (message: string) =>
  pod({ node: "", conditions: { PodScheduled: ["False", "Unschedulable", message] } });

/** Longer than a test may take: what ends by it has failed. */
export const LONG_MS = 120_000;
export const GRACES: Graces = {
  unschedulableMs: LONG_MS,
  scaleUpMs: LONG_MS,
  claimMs: LONG_MS,
  configMs: LONG_MS,
  serviceAccountMs: LONG_MS,
  imagePullMs: LONG_MS,
  silenceMs: LONG_MS,
  nodeLostMs: LONG_MS,
};

interface Setup {
  readonly view: MemoryView;
  readonly reports: JobChange[];
  readonly abort: AbortController;
  readonly done: Promise<void>;
  /** Resolves once that many reports have been made and the wait has nothing left to do but wait. */
  reported(count: number): Promise<JobChange[]>;
}

const views: MemoryView[] = [];

interface SetupOptions extends Partial<Pick<ReadyOptions, "graces" | "deadlineMs">> {
  /** What the API server answered the write. */
  readonly workload?: KubeObject;
  readonly report?: (change: JobChange) => Promise<void>;
}

/** Begins a wait over a view that holds the given objects already. */
export function begin(objects: readonly KubeObject[], options: SetupOptions = {}): Setup {
  const view = memoryView();
  views.push(view);
  for (const object of objects) view.put(object);
  const reports: JobChange[] = [];
  const abort = new AbortController();
  const { workload = deployment("created"), graces = GRACES, deadlineMs = LONG_MS, report } = options;
  const attempt = {
    signal: abort.signal,
    guard: () => Promise.resolve(),
    report: async (change: JobChange) => {
      reports.push(change);
      await report?.(change);
    },
  };
  const done = waitUntilReady(workload, REPL.replId, { view, attempt, graces, deadlineMs });
  done.catch(() => {});
  const reported = async (count: number) => {
    await waitFor(() => reports.length >= count, { what: `${count} reports`, timeoutMs: 5_000, intervalMs: 1 });
    await turn();
    return reports;
  };
  return { view, reports, abort, done, reported };
}

/** The failure a wait ends with. */
export const failureOf = (done: Promise<void>) =>
  done.then(
    () => expect.unreachable("ready"),
    (error: Failure) => error,
  );

/** Each wait listens to its view no longer than it lasts. */
export function checkListeners(): void {
  afterEach(() => {
    for (const view of views.splice(0)) expect(view.listeners()).toBe(0);
  });
}

import type { EndState, History, HistoryEvent, IntentSeen, JobSeen, ObjectSeen, Setup } from "../src/index.ts";

type Timeless<Event> = Event extends unknown ? Omit<Event, "at"> & { readonly at?: number } : never;

/** What a history is made of; times that are left out count up by 10 ms. */
export interface Parts {
  readonly setup?: Partial<Setup>;
  readonly events?: readonly Timeless<HistoryEvent>[];
  readonly end?: Partial<EndState>;
}

const KINDS = ["Deployment", "Service", "Ingress"];

/** A history of one undisturbed run, with these parts in place of nothing. */
export function historyOf({ setup = {}, events = [], end = {} }: Parts): History {
  const base = { namespace: "repls", kinds: KINDS, maxAttempts: 5, firstBackoffMs: 1_000, answerMs: 2_000 };
  const told = { convergeMs: 60_000, troubled: [], foreign: [], lossy: false };
  const state = { at: 10_000, rested: true, objects: [], jobs: [], intents: [], open: [], leases: [] };
  return {
    setup: { ...base, ...told, ...setup },
    events: events.map((event, index) => ({ at: (index + 1) * 10, ...event }) as HistoryEvent),
    end: { ...state, counted: [], leftovers: [], ...end },
  };
}

/** The first start of the repl `demo`. */
export function job(change: Partial<JobSeen> = {}): JobSeen {
  return {
    ...{ jobId: "job-1", kind: "start", replId: "demo", userId: "ada", generation: 1, reason: "requested" },
    ...{ state: "queued", phase: "queued", progress: 0, made: 0, requestId: "op-1", errorCode: "", message: "" },
    ...{ version: 1, begunAt: 0 },
    ...change,
  };
}

/** The states of one job, each with a version of its own. */
export const states = (...changes: readonly Partial<JobSeen>[]) =>
  changes.map((change, index) => ({ type: "job" as const, job: job({ version: index + 1, ...change }) }));

/** A living resource of the repl `demo`, generation 1, its workload's. */
export function object(kind: string, change: Partial<ObjectSeen> = {}): ObjectSeen {
  return {
    ...{ kind, namespace: "repls", name: "demo", uid: `${kind}-1`, replId: "demo", user: "ada", generation: 1 },
    ...{ managedBy: "repl-orchestrator", manifest: "a", terminating: false, ready: true },
    owners: kind === "Deployment" ? [] : ["Deployment-1"],
    ...change,
  };
}

/** All its resources. */
export const wholeSet = (change: Partial<ObjectSeen> = {}): ObjectSeen[] => KINDS.map((kind) => object(kind, change));

export const added = (...objects: readonly ObjectSeen[]) =>
  objects.map((seen) => ({ type: "object" as const, change: "added" as const, object: seen, by: "worker-1" }));

export const deleted = (...objects: readonly ObjectSeen[]) =>
  objects.map((seen) => ({ type: "object" as const, change: "deleted" as const, object: seen, by: "worker-1" }));

export function intent(change: Partial<IntentSeen> = {}): IntentSeen {
  const demo = { replId: "demo", userId: "ada", desired: "running", generation: 1, lastState: "completed" } as const;
  return { ...demo, jobId: "job-1", ...change };
}

export const invoke = (op: string, kind: "start" | "stop" = "start", replId = "demo", userId = "ada") =>
  ({ type: "invoke", op, kind, replId, userId }) as const;

export const ok = (op: string, jobId: string) => ({ type: "ok", op, jobId }) as const;

export const call = (verb: "create" | "update" | "delete", subject: string, more: object = {}) =>
  ({ type: "call", verb, subject, status: 201, by: "worker-1", ...more }) as const;

/**
 * What happened in one run of the system, whether simulated or with real processes, in the order in which it happened.
 * Every source has one kind of event; a recorder that lacks a source leaves its events out, and the checks that need
 * them find nothing to judge. Times are milliseconds of one clock, the recorder's own.
 */
export interface History {
  readonly setup: Setup;
  readonly events: readonly HistoryEvent[];
  readonly end: EndState;
}

/** What the run was about, as far as the checks depend on it. */
export interface Setup {
  readonly namespace: string;
  /** Kinds of which each running repl has one resource; the workload first. */
  readonly kinds: readonly string[];
  /** Attempts that a job may have. */
  readonly maxAttempts: number;
  /** Shortest pause after a failed attempt, before chance takes up to half of it; doubles with each further one. */
  readonly firstBackoffMs: number;
  /** Longest time that a request may take, whatever is dead. */
  readonly answerMs: number;
  /** Longest time from healing to rest. */
  readonly convergeMs: number;
  /** Repls whose own pods were made to fail, or whose resources others had touched. */
  readonly troubled: readonly string[];
  /** Resources of somebody else, as `Kind/namespace/name`, that were there first. */
  readonly foreign: readonly string[];
  /** Whether Redis was made to lose writes that it had acknowledged: then accepted jobs may be gone. */
  readonly lossy: boolean;
}

interface At {
  readonly at: number;
}

/** A client's request: invoked, then answered (`ok`), refused (`fail`: it changed nothing) or unknown (`info`). */
type ClientEvent =
  | {
      readonly type: "invoke";
      /** The request's id, which its job's record names as `requestId`. */
      readonly op: string;
      readonly kind: "start" | "stop" | "keepalive";
      readonly replId: string;
      readonly userId: string;
      readonly key?: string | undefined;
    }
  | {
      readonly type: "ok";
      readonly op: string;
      readonly jobId?: string;
      readonly joined?: boolean;
      readonly replayed?: boolean;
    }
  | { readonly type: "fail"; readonly op: string; readonly status: number; readonly code: string }
  /** No answer, or a 503: it may have happened. */
  | { readonly type: "info"; readonly op: string; readonly status: number };

/** A job's record as clients see it, with what only the service knows. */
export interface JobSeen {
  readonly jobId: string;
  readonly kind: "start" | "stop";
  readonly replId: string;
  readonly userId: string;
  readonly generation: number;
  readonly reason: string;
  readonly state: string;
  readonly phase: string;
  readonly progress: number;
  readonly made: number;
  readonly requestId: string;
  readonly errorCode: string;
  readonly message: string;
  readonly version: number;
  /** When its present attempt began, by Redis' clock; 0 before the first. */
  readonly begunAt: number;
}

/** A resource of a kind of the template, as the API server has it. */
export interface ObjectSeen {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Labels; empty where it has none of ours. */
  readonly replId: string;
  readonly user: string;
  readonly generation: number;
  readonly managedBy: string;
  /** Hash of the manifest it was made from. */
  readonly manifest: string;
  /** Uids of its owners. */
  readonly owners: readonly string[];
  readonly terminating: boolean;
  /** Whether it serves; for a workload, whether a pod of it is available. */
  readonly ready: boolean;
}

/** One thing that happened. */
export type HistoryEvent = At &
  (
    | ClientEvent
    /** The record of a job has changed. */
    | { readonly type: "job"; readonly job: JobSeen }
    /** A resource has changed; `by` is the process whose request it was, or `cluster`. */
    | {
        readonly type: "object";
        readonly change: "added" | "modified" | "deleted";
        readonly object: ObjectSeen;
        readonly by: string;
      }
    /** A write was answered by the API server. */
    | {
        readonly type: "call";
        readonly verb: "create" | "update" | "delete" | "patch";
        readonly subject: string;
        readonly status: number;
        readonly by: string;
        /** Which run of which job sent it, where that is known. */
        readonly run?: string | undefined;
        /** Only of an answer that reached its caller. */
        readonly retryAfterMs?: number | undefined;
        /** When it left its sender, where that is known. */
        readonly sentAt?: number;
      }
    /** A worker has taken a job from the queue; `askedAt`: when it asked for one, where that is known. */
    | { readonly type: "taken"; readonly jobId: string; readonly by: string; readonly askedAt?: number }
    /** A process `crashed` where the run killed it, `ended` in order where it was told to, and `died` in any other way. */
    | {
        readonly type: "process";
        readonly process: string;
        readonly change: "started" | "crashed" | "frozen" | "thawed" | "ending" | "ended" | "died";
        /** Of a death. */
        readonly how?: string | undefined;
      }
    /** `level` is `unreadable` for a line that is no JSON object. */
    | { readonly type: "log"; readonly process: string; readonly level: string; readonly message: string }
    | { readonly type: "fault"; readonly what: string }
    /** No fault is injected from now on, and what was broken is whole again. */
    | { readonly type: "healed" }
    /** All jobs have ended and two sweeps have passed. */
    | { readonly type: "rest" }
    /** What the clients last asked for is asked for once more. */
    | { readonly type: "again" }
  );

/** What the service believes of a repl. */
export interface IntentSeen {
  readonly replId: string;
  readonly userId: string;
  readonly desired: "running" | "stopped";
  readonly generation: number;
  readonly lastState: string;
  readonly jobId: string;
}

/** How everything stood at the end. */
export interface EndState {
  readonly at: number;
  /** Whether the run came to rest before its time was up. */
  readonly rested: boolean;
  readonly objects: readonly ObjectSeen[];
  readonly jobs: readonly JobSeen[];
  readonly intents: readonly IntentSeen[];
  /** Ids of jobs that the service takes for open. */
  readonly open: readonly string[];
  /** Repls whose lease is held. */
  readonly leases: readonly string[];
  /** By user: repls that count as running, and jobs that count as open. */
  readonly counted: readonly { readonly userId: string; readonly running: number; readonly open: number }[];
  /** What a process that ended in order still waits for; one that gave up is not among them. */
  readonly leftovers: readonly { readonly process: string; readonly count: number }[];
}

/** Narrows an event to one type. */
export type EventOf<Type extends HistoryEvent["type"]> = Extract<HistoryEvent, { readonly type: Type }>;

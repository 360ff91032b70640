import type { FailureName, FaultRule } from "@repl/simulator";
import type { CallFault } from "../run/network.ts";

/** Where a process has its place; each of its lives is a process of its own. */
export type Slot = `worker-${number}` | `api-${number}`;

/** One thing a client does. */
export interface PlannedOperation {
  readonly atMs: number;
  readonly kind: "start" | "stop" | "keepalive";
  readonly replId: string;
  readonly userId: string;
  readonly api: Slot;
  readonly key?: string;
  /** Tries after an unknown outcome. */
  readonly retries: number;
  /** The answer to the first try never arrives. */
  readonly loseAnswer: boolean;
}

/** One thing that goes wrong. Times are milliseconds since the schedule began. */
export type Fault =
  /** Meets the n-th call that this place makes, to Redis or to the cluster. */
  | {
      readonly kind: "call";
      readonly slot: Slot;
      readonly call: number;
      readonly fault: CallFault;
      readonly forMs: number;
    }
  | { readonly kind: "crash"; readonly slot: Slot; readonly atMs: number; readonly forMs: number }
  /** SIGSTOP, and SIGCONT later: a zombie where it is longer than the lock. */
  | { readonly kind: "freeze"; readonly slot: Slot; readonly atMs: number; readonly forMs: number }
  /** SIGTERM, and another one in its place later. */
  | { readonly kind: "end"; readonly slot: Slot; readonly atMs: number; readonly forMs: number }
  | { readonly kind: "clock"; readonly slot: Slot; readonly offsetMs: number }
  | { readonly kind: "redis-down"; readonly atMs: number; readonly forMs: number; readonly loseMs: number }
  | { readonly kind: "redis-hang"; readonly atMs: number; readonly forMs: number }
  | { readonly kind: "cluster-down"; readonly atMs: number; readonly forMs: number }
  | { readonly kind: "cluster-hang"; readonly atMs: number; readonly forMs: number }
  /** A list is answered as the newest one before it was: a cache before the API server has stopped. */
  | { readonly kind: "old-lists"; readonly atMs: number; readonly forMs: number }
  | { readonly kind: "answers"; readonly atMs: number; readonly forMs: number; readonly rule: FaultRule }
  | {
      readonly kind: "watches";
      readonly atMs: number;
      readonly forMs: number;
      readonly action: "cut" | "end" | "expire" | "freeze";
    }
  | {
      readonly kind: "pods";
      readonly atMs: number;
      readonly forMs: number;
      readonly replId: string;
      readonly failure: FailureName;
    }
  | { readonly kind: "delete"; readonly atMs: number; readonly replId: string; readonly resource: TemplateKind }
  /** The lock of an active job is gone, while its run goes on. */
  | { readonly kind: "lock"; readonly atMs: number; readonly which: number }
  | { readonly kind: "forget-queue"; readonly atMs: number }
  /** A resource of somebody else is there first, under a name that a repl needs. */
  | { readonly kind: "foreign"; readonly replId: string };

/** Kinds of the template, the workload first. */
export const TEMPLATE_KINDS = ["Deployment", "Service", "Ingress"] as const;
type TemplateKind = (typeof TEMPLATE_KINDS)[number];

/** Everything that a seed decides beforehand. What is not in here, it decides on the way: how long messages travel. */
export interface Plan {
  readonly seed: number;
  readonly workers: number;
  readonly apis: number;
  /** Jobs at a time in each worker. */
  readonly concurrency: number;
  /** 0: never. */
  readonly idleTimeoutMs: number;
  readonly maxRunningPerUser: number;
  /** How long an attempt waits for an API server that does not answer, or a resource that does not go. */
  readonly patienceMs: number;
  readonly operations: readonly PlannedOperation[];
  readonly faults: readonly Fault[];
  /** From then on nothing goes wrong any more. */
  readonly healMs: number;
}

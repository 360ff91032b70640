import type { FailureName } from "@repl/simulator";
import type { Order } from "../clients/client.ts";
import type { Kind } from "../record/kinds.ts";
import type { TargetName } from "../target/target.ts";

/** What the clients of one seed do. */
export interface PlannedOrder extends Order {
  readonly atMs: number;
  /** Index of the api process that it asks first. */
  readonly api: number;
  /** How often it asks again where it cannot know what became of it. */
  readonly retries: number;
}

/** What happens at one write: to the worker that sends it, or to the write. */
export type WriteFault =
  | "die-before"
  | "die-after"
  | "freeze"
  | "lose-reply"
  | "cut"
  | "late"
  | "too-many-requests"
  | "server-error"
  | "unavailable"
  | "timeout";

/** A fault of one seed's own repl. */
export type OwnFault =
  | {
      readonly kind: "write";
      readonly replId: string;
      readonly write: number;
      readonly fault: WriteFault;
      readonly forMs: number;
    }
  /** An operator deletes a resource by hand. */
  | { readonly kind: "delete"; readonly atMs: number; readonly replId: string; readonly resource: Kind }
  /** Its pods fail until all is healed (simulator). */
  | { readonly kind: "pods"; readonly atMs: number; readonly replId: string; readonly failure: FailureName }
  /** Somebody else's Service bears its name. */
  | { readonly kind: "foreign"; readonly replId: string };

/** A fault that meets whoever is there. */
export interface SharedFault {
  readonly atMs: number;
  readonly forMs: number;
  readonly what:
    | "kill-worker"
    | "kill-api"
    | "freeze-worker"
    | "block-worker"
    | "end-worker"
    | "end-api"
    | "redis-killed"
    | "power-lost"
    | "redis-frozen"
    | "redis-half-open"
    | "redis-reset"
    | "redis-slow"
    | "cluster-away"
    | "cluster-silent"
    | "old-lists"
    | "watches-cut"
    | "watches-frozen";
  /** Which worker or api process, by the number of them modulo. */
  readonly which: number;
}

/** One seed's schedule. */
export interface SeedPlan {
  readonly seed: number;
  readonly orders: readonly PlannedOrder[];
  readonly own: readonly OwnFault[];
  readonly shared: readonly SharedFault[];
}

/** From the first order to healing. */
export const WINDOW_MS = 8_000;

/** Whose schedule a repl belongs to. */
export const replPrefix = (seed: number): string => `s${String(seed).padStart(6, "0")}-`;

/** What differs with the target. */
export interface PlanOptions {
  readonly target: TargetName;
  readonly apis: number;
}

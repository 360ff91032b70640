import type { FailureName } from "@repl/simulator";
import { KINDS } from "../record/kinds.ts";
import {
  type OwnFault,
  type PlannedOrder,
  type PlanOptions,
  replPrefix,
  type SeedPlan,
  type SharedFault,
  WINDOW_MS,
  type WriteFault,
} from "./plan.ts";
import { between, createRandom, pick, type Random } from "./random.ts";

interface Repl {
  readonly replId: string;
  readonly userId: string;
}

/** Decides a schedule. The same seed gives the same plan. */
export function makePlan(seed: number, { target, apis }: PlanOptions): SeedPlan {
  const random = createRandom(seed);
  const prefix = replPrefix(seed);
  const users = between(random, 1, 2);
  const repls = Array.from({ length: between(random, 1, 3) }, (_, index) => ({
    replId: `${prefix}${"abc"[index]}`,
    userId: `${prefix}user-${between(random, 1, users)}`,
  }));
  const orders = Array.from({ length: between(random, 2, 8) }, (_, index) =>
    makeOrder(random, prefix, index, repls, apis),
  );
  const own = Array.from({ length: between(random, 0, 3) }, () => makeOwnFault(random, pick(random, repls), target));
  const shared = random() < SHARED_SHARE ? [makeSharedFault(random)] : [];
  return { seed, orders: orders.toSorted((left, right) => left.atMs - right.atMs), own, shared };
}

/** Of the seeds, bring a fault that meets the others' repls as well. */
const SHARED_SHARE = 0.4;

function makeOrder(random: Random, prefix: string, index: number, repls: readonly Repl[], apis: number): PlannedOrder {
  const { replId, userId } = pick(random, repls);
  const isStranger = random() < 0.05;
  return {
    atMs: Math.floor(random() * WINDOW_MS),
    op: `${prefix}op-${index + 1}`,
    kind: random() < 0.62 ? "start" : "stop",
    replId,
    userId: isStranger ? `${prefix}stranger` : userId,
    api: between(random, 0, apis - 1),
    key: random() < 0.35 ? `key-${between(random, 1, 4)}` : undefined,
    retries: random() < 0.6 ? between(random, 1, 4) : 0,
    leaveMs: random() < 0.1 ? between(random, 1, 20) : undefined,
  };
}

const DEADLY: readonly WriteFault[] = ["die-before", "die-after", "freeze"];
const HARMFUL: readonly WriteFault[] = [
  ...(["lose-reply", "lose-reply", "cut", "late", "too-many-requests"] as const),
  ...(["server-error", "unavailable", "timeout"] as const),
];
/** Pods that fail at once, and not only at the deadline. */
const FAILURES: readonly FailureName[] = [
  "image_pull",
  "crash_loop",
  "oom",
  "init_crash",
  "unschedulable",
  "quota",
  "evicted",
];

function makeOwnFault(random: Random, { replId }: Repl, target: PlanOptions["target"]): OwnFault {
  const atMs = Math.floor(random() * WINDOW_MS);
  const dice = random();
  if (dice < 0.1) return { kind: "delete", atMs, replId, resource: pick(random, KINDS) };
  if (dice < 0.2 && target === "simulator") return { kind: "pods", atMs, replId, failure: pick(random, FAILURES) };
  if (dice < 0.23) return { kind: "foreign", replId };
  const fault = pick(random, dice < 0.42 ? DEADLY : HARMFUL);
  // Sometimes longer than the lease, sometimes than the queue's lock as well.
  const forMs = random() < 0.7 ? between(random, 100, 4_000) : between(random, 4_000, 14_000);
  return { kind: "write", replId, write: between(random, 1, 8), fault, forMs };
}

/** How often each is drawn. */
const SHARED: readonly (readonly [weight: number, what: SharedFault["what"]])[] = [
  [6, "kill-worker"],
  [3, "kill-api"],
  [3, "freeze-worker"],
  [2, "block-worker"],
  [2, "end-worker"],
  [1, "end-api"],
  [2, "redis-killed"],
  [2, "power-lost"],
  [2, "redis-frozen"],
  [2, "redis-half-open"],
  [3, "redis-reset"],
  [2, "redis-slow"],
  [3, "cluster-away"],
  [2, "cluster-silent"],
  [1, "old-lists"],
  [2, "watches-cut"],
  [2, "watches-frozen"],
];

function makeSharedFault(random: Random): SharedFault {
  const weighted = SHARED.flatMap(([weight, what]) => Array.from({ length: weight }, () => what));
  return {
    what: pick(random, weighted),
    atMs: Math.floor(random() * WINDOW_MS),
    forMs: random() < 0.7 ? between(random, 50, 2_000) : between(random, 2_000, 6_000),
    which: between(random, 0, 5),
  };
}

import { FAILURES, type FailureName, type FaultRule } from "@repl/simulator";
import type { CallFault } from "../run/network.ts";
import { between, createRandom, pick, type Random } from "../time/random.ts";
import { type Fault, type Plan, type PlannedOperation, type Slot, TEMPLATE_KINDS } from "./plan.ts";

type Range = readonly [low: number, high: number];

/** How much a schedule holds. */
interface Size {
  readonly workers: Range;
  readonly apis: number;
  readonly repls: Range;
  readonly operations: Range;
  readonly faults: Range;
  /** Within how long clients ask for the first time, milliseconds; where left out, until everything is healed. */
  readonly withinMs?: number;
  /** Whether the pods of one repl fail from the beginning, and stay while the worker that waits for them may be away. */
  readonly isOneAiling?: boolean;
  /** The calls of one process among which those are that meet a fault. */
  readonly calls: { readonly worker: number; readonly api: number };
}

/** One repl, little to do, and a fault in the middle of it: most of what can go wrong needs no more. */
const SMALL: Size = {
  workers: [2, 2],
  apis: 1,
  repls: [1, 1],
  operations: [1, 3],
  faults: [1, 2],
  calls: { worker: 60, api: 6 },
};

/** What needs several repls, users or faults that meet. */
const LARGE: Size = {
  workers: [2, 3],
  apis: 2,
  repls: [1, 3],
  operations: [2, 8],
  faults: [0, 5],
  calls: { worker: 120, api: 12 },
};

/** Repls that start at the same time, one of which ails: what befalls it must not befall the others. */
const NEIGHBOURS: Size = {
  workers: [2, 2],
  apis: 1,
  repls: [2, 3],
  operations: [2, 5],
  faults: [0, 1],
  withinMs: 1_500,
  isOneAiling: true,
  calls: { worker: 60, api: 6 },
};

/** A large one costs as much time as some small ones. */
function sizeFor(dice: number): Size {
  if (dice < 0.2) return LARGE;
  return dice < 0.92 ? SMALL : NEIGHBOURS;
}

/** Decides a schedule. The same seed gives the same plan, on every machine. */
export function makePlan(seed: number): Plan {
  const random = createRandom(Math.imul(seed, 0x9e3779b1));
  const size = sizeFor(random());
  const within = ([low, high]: Range) => between(random, low, high);
  const workers = within(size.workers);
  const { apis } = size;
  const users = between(random, 1, 2);
  const repls = Array.from({ length: within(size.repls) }, (_, index) => ({
    replId: `repl-${"abc"[index]}`,
    userId: `user-${between(random, 1, users)}`,
  }));
  // Half of them short: faults that meet each other at once. Half long enough for locks and leases to run out.
  const healMs = random() < 0.5 ? between(random, 4_000, 12_000) : between(random, 20_000, 50_000);
  const slots: Slot[] = [
    ...Array.from({ length: workers }, (_, index): Slot => `worker-${index + 1}`),
    ...Array.from({ length: apis }, (_, index): Slot => `api-${index + 1}`),
  ];
  const surroundings = { random, slots, repls, healMs, calls: size.calls, askMs: size.withinMs ?? healMs };
  const operations = Array.from({ length: within(size.operations) }, () => makeOperation(surroundings));
  const faults = Array.from({ length: within(size.faults) }, () => makeFault(surroundings));
  if (size.isOneAiling) faults.push(...ailing(surroundings));
  return {
    seed,
    workers,
    apis,
    concurrency: between(random, 1, 3),
    idleTimeoutMs: random() < 0.15 ? 40_000 : 0,
    maxRunningPerUser: random() < 0.1 ? 1 : 0,
    operations: operations.toSorted((left, right) => left.atMs - right.atMs),
    faults,
    healMs,
    // The short one has attempts fail, and be tried again, before all is healed.
    patienceMs: random() < 0.5 ? 4_000 : 60_000,
  };
}

interface Surroundings {
  readonly random: Random;
  readonly slots: readonly Slot[];
  readonly repls: readonly { readonly replId: string; readonly userId: string }[];
  readonly healMs: number;
  /** Until when clients ask for the first time. */
  readonly askMs: number;
  readonly calls: Size["calls"];
}

const isApi = (slot: Slot) => slot.startsWith("api");

function makeOperation({ random, slots, repls, askMs }: Surroundings): PlannedOperation {
  const { replId, userId } = pick(random, repls);
  const dice = random();
  const isStranger = random() < 0.05;
  return {
    atMs: Math.floor(random() * random() * askMs),
    kind: dice < 0.6 ? "start" : dice < 0.93 ? "stop" : "keepalive",
    replId,
    userId: isStranger ? "user-x" : userId,
    api: pick(random, slots.filter(isApi)),
    ...(random() < 0.35 ? { key: `key-${between(random, 1, 4)}` } : {}),
    retries: random() < 0.6 ? between(random, 1, 4) : 0,
    loseAnswer: random() < 0.1,
  };
}

type Make = (
  surroundings: Surroundings & { readonly slot: Slot; readonly atMs: number; readonly forMs: number },
) => Fault;

const CALL_FAULTS: readonly CallFault[] = ["crash-before", "crash-after", "lose-reply", "freeze"];
/** An api that is paused answers nobody meanwhile, and that is all. */
const API_CALL_FAULTS: readonly CallFault[] = ["crash-before", "crash-after", "lose-reply"];
const PODS = (Object.keys(FAILURES) as FailureName[]).filter((name) => name !== "failed_mount");

const status = (code: number, reason: string, message: string) => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  reason,
  message,
  code,
});

/** Answers of an API server in trouble (kubernetes/apiserver and what stands before it). */
const EFFECTS: readonly FaultRule["effect"][] = [
  {
    kind: "answer",
    status: 429,
    headers: { "retry-after": "2" },
    body: "Too many requests, please try again later.\n",
  },
  { kind: "answer", status: 500, body: status(500, "InternalError", "etcdserver: request timed out") },
  { kind: "answer", status: 503, body: "upstream connect error\n" },
  { kind: "answer", status: 504, body: status(504, "Timeout", "request did not complete within the allotted timeout") },
  { kind: "drop-reply" },
  { kind: "drop-reply" },
  { kind: "cut" },
  { kind: "delay", delayMs: 3_000 },
  { kind: "delay", delayMs: 16_000 },
];

/** How often each is drawn, and how it is made. */
const FAULTS: readonly (readonly [weight: number, make: Make])[] = [
  [
    30,
    ({ random, slot, forMs, calls }) => {
      const [most, faults] = isApi(slot) ? [calls.api, API_CALL_FAULTS] : [calls.worker, CALL_FAULTS];
      return { kind: "call", slot, call: between(random, 1, most), fault: pick(random, faults), forMs };
    },
  ],
  [8, ({ slot, atMs, forMs }) => ({ kind: "crash", slot, atMs, forMs })],
  [8, ({ random, slots, atMs, forMs }) => ({ kind: "freeze", slot: worker(random, slots), atMs, forMs })],
  [6, ({ random, slots, atMs, forMs }) => ({ kind: "end", slot: worker(random, slots), atMs, forMs })],
  [3, ({ random, slot }) => ({ kind: "clock", slot, offsetMs: between(random, -1, 1) * 3_600_000 })],
  [5, ({ atMs, forMs }) => ({ kind: "redis-down", atMs, forMs, loseMs: 0 })],
  [2, ({ random, atMs }) => ({ kind: "redis-down", atMs, forMs: 500, loseMs: between(random, 100, 2_000) })],
  [4, ({ atMs, forMs }) => ({ kind: "redis-hang", atMs, forMs })],
  [5, ({ atMs, forMs }) => ({ kind: "cluster-down", atMs, forMs })],
  [2, ({ atMs, forMs }) => ({ kind: "cluster-hang", atMs, forMs })],
  [1, ({ atMs, forMs }) => ({ kind: "old-lists", atMs, forMs })],
  [20, (given) => answers(given)],
  [
    6,
    ({ random, atMs, forMs }) => ({
      kind: "watches",
      atMs,
      forMs,
      action: pick(random, ["cut", "end", "expire", "freeze"] as const),
    }),
  ],
  [
    8,
    ({ random, repls, atMs, forMs }) => ({
      kind: "pods",
      atMs,
      forMs,
      replId: pick(random, repls).replId,
      failure: pick(random, PODS),
    }),
  ],
  [
    6,
    ({ random, repls, atMs }) => ({
      kind: "delete",
      atMs,
      replId: pick(random, repls).replId,
      resource: pick(random, TEMPLATE_KINDS),
    }),
  ],
  [4, ({ random, atMs }) => ({ kind: "lock", atMs, which: between(random, 0, 7) })],
  [2, ({ atMs }) => ({ kind: "forget-queue", atMs })],
  [2, ({ random, repls }) => ({ kind: "foreign", replId: pick(random, repls).replId })],
];

const TOTAL = FAULTS.reduce((sum, [weight]) => sum + weight, 0);

function makeFault(surroundings: Surroundings): Fault {
  const { random, slots, healMs } = surroundings;
  let dice = random() * TOTAL;
  const found = FAULTS.find(([weight]) => {
    dice -= weight;
    return dice < 0;
  });
  const [, make] = found ?? (FAULTS[0] as (typeof FAULTS)[number]);
  const atMs = Math.floor(random() * random() * healMs);
  // Sometimes longer than lock and lease together.
  const forMs = random() < 0.6 ? between(random, 100, 4_000) : between(random, 4_000, 30_000);
  return make({ ...surroundings, slot: pick(random, slots), atMs, forMs });
}

function ailing({ random, slots, repls, healMs }: Surroundings): Fault[] {
  const { replId } = pick(random, repls);
  return [
    { kind: "pods", atMs: 0, forMs: healMs, replId, failure: pick(random, PODS) },
    {
      kind: pick(random, ["crash", "freeze"]),
      slot: worker(random, slots),
      atMs: between(random, 300, 1_500),
      forMs: between(random, 4_000, 20_000),
    },
  ];
}

const worker = (random: Random, slots: readonly Slot[]) =>
  pick(
    random,
    slots.filter((slot) => !isApi(slot)),
  );

function answers({ random, atMs, forMs }: Parameters<Make>[0]): Fault {
  const verbs = pick(random, [["create"], ["delete"], ["update"], ["get"], ["list"], ["create", "delete", "update"]]);
  const resources = pick(random, [
    ["deployments"],
    ["services"],
    ["ingresses"],
    ["deployments", "services", "ingresses"],
  ]);
  const rule: FaultRule = {
    match: { verbs, resources, userAgent: "worker*" },
    times: random() < 0.8 ? between(random, 1, 4) : "always",
    effect: pick(random, EFFECTS),
  };
  return { kind: "answers", atMs, forMs, rule };
}

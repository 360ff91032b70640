import { createHash } from "node:crypto";
import {
  checkHistory,
  type EndState,
  type History,
  jobSeen,
  type ObjectSeen,
  objectSeen,
  pairsOf,
  type Setup,
  type Violation,
} from "@repl/checker";
import { FIRST_BACKOFF_MS, MAX_ATTEMPTS } from "@repl/contract";
import { MANAGED_BY } from "@repl/provision";
import type { SimulatedObject } from "@repl/simulator";
import { type Plan, TEMPLATE_KINDS } from "../schedule/plan.ts";
import { Clients } from "./clients.ts";
import { arrangeFaults, heal } from "./faults.ts";
import type { Shared } from "./shared.ts";
import { NAMESPACE, PREFIX, World } from "./world.ts";

/** What became of one schedule. */
export interface Outcome {
  readonly plan: Plan;
  readonly history: History;
  readonly violations: readonly Violation[];
  /** Of the whole history: the same seed gives the same one. */
  readonly hash: () => string;
}

/** From healing to rest: two sweeps' locks, a start's whole patience, and an unknown resource's minute. */
const CONVERGE_MS = 300_000;
/** A request's two seconds, and its way there and back. */
const ANSWER_MS = 2_000 + 400;
/** How long asking once more, and ending, may take. */
const LAST_MS = 60_000;
/** As old as a resource of an unknown repl has to be for a sweep to judge it, and a moment. */
const YOUNG_MS = 62_000;
/** Sweeps without a finding after which nothing more is to be expected. */
const CLEAN_SWEEPS = 2;

/** Runs one schedule from its beginning to its end, and judges it. */
export async function runSchedule(plan: Plan, shared: Shared): Promise<Outcome> {
  const world = new World(plan, shared);
  const clients = new Clients(world);
  arrangeFaults(world);
  world.start();
  for (const operation of plan.operations) clients.plan(operation);
  world.at(plan.healMs, () => heal(world));

  const bound = plan.healMs + CONVERGE_MS;
  await world.time.run(() => isAtRest(world, clients), bound);
  const rested = isAtRest(world, clients);
  // Before anything is asked for again: that would mend what the service itself has to.
  const objects = ownObjects(world).map(objectSeen);
  if (rested) {
    world.recorder.add({ type: "rest" });
    askAgain(world, clients);
    await world.time.run(() => clients.done && hasNoOpenJobs(world), world.time.nowMs + LAST_MS);
  }
  const end = endState(world, rested, objects);
  await endAll(world);

  const history = { setup: setupOf(plan), events: world.recorder.events, end: { ...end, leftovers: world.leftovers } };
  return { plan, history, violations: checkHistory(history), hash: () => hashOf(history) };
}

const hashOf = (history: History): string =>
  createHash("sha256").update(JSON.stringify(history)).digest("hex").slice(0, 16);

function setupOf({ faults }: Plan): Setup {
  const troubled = faults.flatMap((fault) =>
    fault.kind === "pods" || fault.kind === "delete" || fault.kind === "foreign" ? [fault.replId] : [],
  );
  const foreign = faults.flatMap((fault) => (fault.kind === "foreign" ? [`Service/${NAMESPACE}/${fault.replId}`] : []));
  return {
    namespace: NAMESPACE,
    kinds: TEMPLATE_KINDS,
    maxAttempts: MAX_ATTEMPTS,
    firstBackoffMs: FIRST_BACKOFF_MS,
    answerMs: ANSWER_MS,
    convergeMs: CONVERGE_MS,
    troubled,
    // An operator deletes by name, whosever it is.
    foreign: foreign.filter((subject) => !isDeletedByHand(subject, faults)),
    lossy: faults.some((fault) => fault.kind === "redis-down" && fault.loseMs > 0),
  };
}

const isDeletedByHand = (subject: string, faults: Plan["faults"]) =>
  faults.some((fault) => fault.kind === "delete" && subject === `${fault.resource}/${NAMESPACE}/${fault.replId}`);

function hasNoOpenJobs({ redis }: World): boolean {
  return redis.data.execute("ZCARD", [`${PREFIX}:open`]) === 0;
}

function isAtRest(world: World, clients: Clients): boolean {
  // Asked after each task: what costs more is looked at once a sweep has found nothing.
  if (world.cleanSweeps === 0) return false;
  if (!world.healed || !clients.done || world.cluster.isWriting || !hasNoOpenJobs(world) || hasYoungStrangers(world)) {
    world.cleanSweeps = 0;
    return false;
  }
  return world.cleanSweeps >= CLEAN_SWEEPS && ownObjects(world).map(objectSeen).every(isSettled);
}

/** A pod that failed up to now is replaced, or started again after its back-off. */
const isSettled = ({ terminating, ready }: ObjectSeen) => !terminating && ready;

/** Ours by its labels, of a repl that Redis does not know, and too young for a sweep to judge it. */
function hasYoungStrangers(world: World): boolean {
  return ownObjects(world).some((object) => {
    const { replId, managedBy } = objectSeen(object);
    const ageMs = world.time.wallMs - Date.parse(object.metadata.creationTimestamp ?? "");
    return (
      managedBy === MANAGED_BY &&
      ageMs <= YOUNG_MS &&
      !world.redis.data.execute("HEXISTS", [`${PREFIX}:repl:${replId}`, "userId"])
    );
  });
}

/** Each running repl's start is asked for again, each stopped one's stop. */
function askAgain(world: World, clients: Clients): void {
  world.recorder.add({ type: "again" });
  for (const { replId, userId, desired, lastState } of intentsOf(world)) {
    if (lastState === "failed") continue;
    const kind = desired === "running" ? "start" : "stop";
    const atMs = world.time.nowMs + 1;
    clients.plan({ atMs, kind, replId, userId, api: "api-1", retries: 0, loseAnswer: false });
  }
}

async function endAll(world: World): Promise<void> {
  const ending = world.slots().map((slot) => world.end(slot));
  let ended = false;
  void Promise.all(ending).then(() => {
    ended = true;
  });
  await world.time.run(() => ended, world.time.nowMs + LAST_MS);
  world.core.stop();
}

function ownObjects({ core }: World): SimulatedObject[] {
  return ["deployments.apps", "services", "ingresses.networking.k8s.io"].flatMap((resource) =>
    core.store.list(resource, NAMESPACE),
  );
}

const lastPart = (key: string) => key.slice(key.lastIndexOf(":") + 1);

function hashesOf({ redis }: World, name: string) {
  const keys = redis.data.keys().filter((key) => key.startsWith(`${PREFIX}:${name}:`));
  return keys.map((key) => ({
    name: lastPart(key),
    fields: pairsOf(redis.data.execute("HGETALL", [key]) as string[]),
  }));
}

function intentsOf(world: World): EndState["intents"] {
  return hashesOf(world, "repl").flatMap(({ name, fields }) => {
    const userId = fields.get("userId");
    if (userId === undefined) return [];
    return {
      replId: name,
      userId,
      desired: fields.get("desired") === "running" ? ("running" as const) : ("stopped" as const),
      generation: Number(fields.get("generation")),
      lastState: fields.get("lastState") ?? "",
      jobId: fields.get("jobId") ?? "",
    };
  });
}

function endState(world: World, rested: boolean, objects: EndState["objects"]): EndState {
  const { data } = world.redis;
  const intents = intentsOf(world);
  const users = [...new Set(intents.map(({ userId }) => userId))];
  return {
    at: world.time.nowMs,
    rested,
    objects,
    jobs: hashesOf(world, "job").map(({ fields }) => jobSeen(fields)),
    intents,
    open: data.execute("ZRANGE", [`${PREFIX}:open`, 0, -1]) as string[],
    leases: data
      .keys()
      .filter((key) => key.startsWith(`${PREFIX}:lease:`))
      .map(lastPart),
    counted: users.map((userId) => ({
      userId,
      running: data.execute("SCARD", [`${PREFIX}:user-running:${userId}`]) as number,
      open: data.execute("ZCARD", [`${PREFIX}:user-open:${userId}`]) as number,
    })),
    leftovers: [],
  };
}

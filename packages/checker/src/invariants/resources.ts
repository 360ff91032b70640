import type { IntentSeen, ObjectSeen } from "../history/history.ts";
import { lineSeen } from "../history/seen.ts";
import { eventsOf, isAlive, OURS, subjectOf } from "../history/views.ts";
import type { Check } from "../invariant.ts";

const isOurs = ({ managedBy, replId }: ObjectSeen) => managedBy === OURS && replId !== "";

/** A repl that is meant to run and whose last start failed is left to its user: the sweep reports it and no more. */
const isLeftAlone = (intent: IntentSeen | undefined) => intent?.desired === "running" && intent.lastState === "failed";

const byRepl = (intents: readonly IntentSeen[]) => new Map(intents.map((intent) => [intent.replId, intent]));

/** What a sweep writes of what only a person can put right. */
const REPORTED = "the cluster does not agree with the intents";

/** I1: at rest a repl has all of its resources or none, of one generation, owned by its workload. */
export const atomicSet: Check = (history) => {
  const { setup, end } = history;
  const intents = byRepl(end.intents);
  const lines = new Set(eventsOf(history, "log").map(({ message }) => message));
  const isReported = (object: ObjectSeen) => lines.has(lineSeen({ msg: REPORTED, subject: subjectOf(object) }));
  // What belongs to somebody whom Redis forgot, whoever has the repl's name now, a sweep reports and no more.
  const isForgotten = (object: ObjectSeen) => isReported(object) && object.user !== intents.get(object.replId)?.userId;
  const judged = end.objects.filter((object) => isOurs(object) && !(setup.lossy && isForgotten(object)));
  const own = Map.groupBy(judged, ({ replId }) => replId);
  return [...own].flatMap(([replId, objects]) => {
    if (isLeftAlone(intents.get(replId))) return [];
    const missing = setup.kinds.filter((kind) => !objects.some((object) => object.kind === kind && isAlive(object)));
    const workload = objects.find(({ kind }) => kind === setup.kinds[0]);
    const unowned = objects.filter(
      ({ kind, owners }) => kind !== setup.kinds[0] && !owners.includes(workload?.uid ?? ""),
    );
    const generations = new Set(objects.map(({ generation }) => generation));
    return [
      ...(missing.length > 0 ? [`${replId} has resources but no ${missing.join(", ")}`] : []),
      ...(missing.length === 0 ? unowned.map((object) => `${subjectOf(object)} is not owned by its workload`) : []),
      ...(generations.size > 1 ? [`${replId} has resources of the generations ${[...generations].join(", ")}`] : []),
    ];
  });
};

/** I2: at no time has a repl two living resources of one kind. */
export const unique: Check = (history) => {
  const found = new Set<string>();
  const alive = new Map<string, Set<string>>();
  const places = new Map<string, string>();
  for (const { object, change, at } of eventsOf(history, "object")) {
    const { uid, replId, kind } = object;
    const place = `${replId} ${kind}`;
    alive.get(places.get(uid) ?? "")?.delete(uid);
    if (change === "deleted" || !isOurs(object) || !isAlive(object)) continue;
    const living = alive.get(place) ?? new Set();
    alive.set(place, living.add(uid));
    places.set(uid, place);
    if (living.size > 1) found.add(`${replId} had ${living.size} living ${kind}s at ${Math.round(at)} ms`);
  }
  return [...found];
};

/**
 * I6: a resource of one generation is created once, and once more for each deletion of it. A Redis that forgets a
 * generation counts it again: resources of the one that was forgotten are then taken over and deleted as an earlier one's.
 */
export const effectOnce: Check = (history) => {
  if (history.setup.lossy) return [];
  const counts = new Map<string, { created: number; deleted: number }>();
  const found = new Set<string>();
  for (const { change, object } of eventsOf(history, "object")) {
    if (!isOurs(object)) continue;
    const key = `${object.kind} of ${object.replId}, generation ${object.generation}`;
    const count = counts.get(key) ?? { created: 0, deleted: 0 };
    counts.set(key, count);
    if (change === "added") count.created += 1;
    if (change === "deleted") count.deleted += 1;
    if (count.created > 1 + count.deleted) found.add(`${key} was created ${count.created} times`);
  }
  return [...found];
};

/** I7: nothing survives of a generation that was stopped or superseded. */
export const fencing: Check = ({ setup, end }) => {
  if (setup.lossy) return [];
  const intents = byRepl(end.intents);
  return end.objects.filter(isOurs).flatMap((object) => {
    const intent = intents.get(object.replId);
    if (isLeftAlone(intent)) return [];
    if (intent === undefined) return [`${subjectOf(object)} is left of a repl that nobody has asked for`];
    if (intent.desired === "stopped") return [`${subjectOf(object)} is left of a stopped repl`];
    if (object.generation < intent.generation)
      return [`${subjectOf(object)} is left of generation ${object.generation}, the repl is at ${intent.generation}`];
    return object.generation > intent.generation
      ? [`${subjectOf(object)} is of generation ${object.generation}, which the repl has not reached`]
      : [];
  });
};

/** I12: every write is about a resource of a known repl, of a kind of the template, in the namespace; none is a stranger's. */
export const leastTouch: Check = (history) => {
  const { namespace, kinds, foreign } = history.setup;
  const repls = new Set(eventsOf(history, "invoke").map(({ replId }) => replId));
  const isKnown = (name: string) => [...beginningsOf(name)].some((beginning) => repls.has(beginning));
  const stray = eventsOf(history, "call").flatMap(({ by, subject, verb }) => {
    if (by === "kubectl") return [];
    const [kind = "", where, name = ""] = subject.split("/");
    const isFine = kinds.includes(kind) && where === namespace && isKnown(name);
    return isFine ? [] : [`${by} sent a ${verb} of ${subject}`];
  });
  const touched = eventsOf(history, "object").flatMap(({ object, change, by }) => {
    const isTheirs = foreign.includes(subjectOf(object)) && object.managedBy !== OURS;
    return isTheirs && change !== "added" && by !== "kubectl" && by !== "cluster"
      ? [`${subjectOf(object)} is somebody else's and was ${change} by ${by}`]
      : [];
  });
  const gone = foreign.filter(
    (subject) => !end(history).some((object) => subjectOf(object) === subject && object.managedBy !== OURS),
  );
  return [...new Set([...stray, ...touched, ...gone.map((subject) => `${subject} was somebody else's and is gone`)])];
};

/** `a-b-c`, `a-b` and `a`. */
function* beginningsOf(name: string): Generator<string> {
  for (let until = name.length; until > 0; until = name.lastIndexOf("-", until - 1)) yield name.slice(0, until);
}

const end = ({ end: { objects } }: Parameters<Check>[0]) => objects;

/** I22: one generation of a repl has one manifest for each resource, and no two repls share a name. */
export const renderIsFixed: Check = (history) => {
  const manifests = new Map<string, string>();
  const owners = new Map<string, string>();
  const found = new Set<string>();
  for (const { object, by, change } of eventsOf(history, "object")) {
    if (!isOurs(object) || by === "kubectl" || by === "cluster" || change === "deleted") continue;
    const subject = subjectOf(object);
    const owner = owners.get(subject) ?? object.replId;
    owners.set(subject, owner);
    if (owner !== object.replId) found.add(`${subject} was written for ${owner} and for ${object.replId}`);
    const key = `${subject}, generation ${object.generation}`;
    const manifest = manifests.get(key) ?? object.manifest;
    manifests.set(key, manifest);
    if (manifest !== object.manifest) found.add(`${key} was written with two manifests`);
  }
  return history.setup.lossy ? [] : [...found];
};

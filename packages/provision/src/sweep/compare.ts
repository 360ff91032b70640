import type { Intent } from "@repl/contract";
import { userLabel } from "../labels.ts";

/** A resource of this service, as a list of its kind shows it. */
export interface FoundResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly replId: string;
  /** The user as a label value. */
  readonly user: string;
  readonly generation: number;
  readonly createdAtMs: number;
  readonly terminating: boolean;
}

/** A resource that a running repl has. */
export type WantedResource = Pick<FoundResource, "kind" | "name">;

/** What the sweep compares. The resources must have been listed before the intents were read. */
export interface Situation {
  readonly resources: readonly FoundResource[];
  /** By replId: of every repl that is meant to run and of every repl that has a resource. */
  readonly intents: ReadonlyMap<string, Intent>;
  /** What a repl that runs has. */
  readonly wantedOf: (intent: Intent) => readonly WantedResource[];
  /** The namespace that a user's repls belong in. */
  readonly homeOf: (userId: string) => string;
  readonly nowMs: number;
  /** When the resources began to be listed, by the same clock as `nowMs`. */
  readonly listedSinceMs: number;
  /** Since when this Redis has known every repl. */
  readonly knownSinceMs: number;
  /** Running repls that nobody has used for longer are stopped; 0: never. */
  readonly idleTimeoutMs: number;
  /** What a start that failed has left is to be looked at: it stays until the repl is started or stopped again. */
  readonly keepFailed: boolean;
}

/** What the sweep found out of order, and what to do about it. */
export type Finding =
  /** The intent says running and something is missing or out of date. */
  | { readonly do: "start"; readonly intent: Intent; readonly because: string }
  /** Nobody uses the repl. */
  | { readonly do: "stop"; readonly intent: Intent; readonly because: string; readonly unusedSinceMs: number }
  /** An orphan: its repl is meant to be stopped, is past its generation, or was never asked for. */
  | { readonly do: "delete"; readonly resource: FoundResource; readonly because: string }
  /** Only a person can tell what to do. */
  | { readonly do: "report"; readonly subject: string; readonly because: string };

/** A resource this young may belong to a job that was accepted after the intents were read. */
const YOUNG_MS = 60_000;
/** How far the API server's clock, by which resources are dated, may be from Redis', by which all else is. */
const CLOCKS_APART_MS = 60_000;

/**
 * Compares intents and cluster, both ways. Repls with a job under way are left to that job, those whose job ended while
 * resources were listed to the next sweep: what the list shows of them, or does not, may be from before.
 */
export function compare(situation: Situation): Finding[] {
  const byRepl = Map.groupBy(situation.resources, ({ replId }) => replId);
  const known = [...situation.intents.values()]
    .filter(({ jobOpen, settledAt }) => !jobOpen && !isBetween(settledAt, situation.listedSinceMs, situation.nowMs))
    .flatMap((intent) => compareOne(intent, byRepl.get(intent.replId) ?? [], situation));
  const unknown = situation.resources.filter(({ replId }) => !situation.intents.has(replId));
  return [...known, ...unknown.flatMap((resource) => judgeUnknown(resource, situation))];
}

/** After a failover to a Redis whose clock is behind, what ended before may seem to end in the future. */
function isBetween(ms: number, firstMs: number, lastMs: number): boolean {
  return ms >= firstMs && ms <= lastMs;
}

function compareOne(intent: Intent, resources: readonly FoundResource[], situation: Situation): Finding[] {
  const own = resources.filter(({ user }) => user === userLabel(intent.userId));
  const foreign = resources.filter((resource) => !own.includes(resource));
  const alive = own.filter(({ terminating }) => !terminating);
  return [
    ...(intent.desired === "stopped"
      ? compareStopped(intent, alive, situation)
      : compareRunning(intent, alive, situation)),
    ...foreign.map((resource) => report(resource, `it belongs to the user ${resource.user}, the repl to another`)),
  ];
}

function compareStopped(intent: Intent, alive: readonly FoundResource[], { keepFailed }: Situation): Finding[] {
  if (keepFailed && intent.startFailed) return [];
  return alive.map((resource) => orphan(resource, "its repl is meant to be stopped"));
}

function orphan(resource: FoundResource, because: string): Finding {
  return { do: "delete", resource, because };
}

function compareRunning(intent: Intent, alive: readonly FoundResource[], situation: Situation): Finding[] {
  const { wantedOf, homeOf, nowMs, idleTimeoutMs } = situation;
  if (idleTimeoutMs > 0 && intent.readyAt > 0 && Math.max(intent.seenAt, intent.readyAt) < nowMs - idleTimeoutMs) {
    const because = `nobody has used it for ${Math.round(idleTimeoutMs / 60_000)} minutes`;
    return [{ do: "stop", intent, because, unusedSinceMs: nowMs - idleTimeoutMs }];
  }
  const current = alive.filter(({ generation }) => generation >= intent.generation);
  const wanted = wantedOf(intent);
  const home = homeOf(intent.userId);
  const place = placeOf(home, current, wanted);
  if (place === undefined) return [restart(intent, missingAt(home, current, wanted))];
  return [
    ...alive
      .filter(({ namespace, generation }) => namespace === place && generation < intent.generation)
      .map((resource) => orphan(resource, "its repl is past its generation")),
    ...alive
      .filter(({ namespace }) => namespace !== place)
      .map((resource) => orphan(resource, `its repl runs in the namespace ${place}`)),
  ];
}

/**
 * Where the repl is complete: at home, or else where it was started before homes were changed. There it runs on until its
 * next start, as it does after a change of the template.
 */
function placeOf(
  home: string,
  current: readonly FoundResource[],
  wanted: readonly WantedResource[],
): string | undefined {
  const places = new Set([home, ...current.map(({ namespace }) => namespace)]);
  return [...places].find((place) => missingAt(place, current, wanted).length === 0);
}

function missingAt(
  place: string,
  current: readonly FoundResource[],
  wanted: readonly WantedResource[],
): WantedResource[] {
  const there = current.filter(({ namespace }) => namespace === place);
  return wanted.filter((one) => !there.some(({ kind, name }) => kind === one.kind && name === one.name));
}

/** A start that has just failed would fail again: what is left of it stays as it is until somebody asks for it. */
function restart(intent: Intent, missing: readonly WantedResource[]): Finding {
  const names = missing.map(({ kind, name }) => `${kind}/${name}`).join(", ");
  const because = `it is meant to run and has no ${names} of generation ${intent.generation}`;
  if (intent.lastFailed)
    return { do: "report", subject: intent.replId, because: `${because}, but its last start failed` };
  return { do: "start", intent, because };
}

function judgeUnknown(resource: FoundResource, { nowMs, knownSinceMs }: Situation): Finding[] {
  if (resource.terminating || resource.createdAtMs > nowMs - YOUNG_MS) return [];
  if (resource.createdAtMs >= knownSinceMs + CLOCKS_APART_MS)
    return [orphan(resource, "nobody has asked for its repl")];
  return [report(resource, "it is older than this Redis, which does not know its repl")];
}

function report(resource: FoundResource, because: string): Finding {
  return { do: "report", subject: subjectOf(resource), because };
}

function subjectOf({ kind, namespace, name }: FoundResource): string {
  return `${kind}/${namespace}/${name}`;
}

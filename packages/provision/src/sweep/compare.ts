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

/** What the sweep compares. The resources must have been listed before the intents were read. */
export interface Situation {
  readonly resources: readonly FoundResource[];
  /** By replId: of every repl that is meant to run and of every repl that has a resource. */
  readonly intents: ReadonlyMap<string, Intent>;
  /** Kinds of which each running repl has a resource. */
  readonly kinds: readonly string[];
  readonly nowMs: number;
  /** Resources older than this may belong to repls that this Redis has never heard of. */
  readonly knownSinceMs: number;
  /** Running repls that nobody has used for longer are stopped; 0: never. */
  readonly idleTimeoutMs: number;
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

/** Compares intents and cluster, both ways. Repls with a job under way are left to that job. */
export function compare(situation: Situation): Finding[] {
  const byRepl = Map.groupBy(situation.resources, ({ replId }) => replId);
  const known = [...situation.intents.values()]
    .filter(({ jobOpen }) => !jobOpen)
    .flatMap((intent) => compareOne(intent, byRepl.get(intent.replId) ?? [], situation));
  const unknown = situation.resources.filter(({ replId }) => !situation.intents.has(replId));
  return [...known, ...unknown.flatMap((resource) => judgeUnknown(resource, situation))];
}

function compareOne(intent: Intent, resources: readonly FoundResource[], situation: Situation): Finding[] {
  const own = resources.filter(({ user }) => user === userLabel(intent.userId));
  const foreign = resources.filter((resource) => !own.includes(resource));
  const alive = own.filter(({ terminating }) => !terminating);
  return [
    ...(intent.desired === "stopped" ? alive.map(orphanOfStopped) : compareRunning(intent, alive, situation)),
    ...foreign.map((resource) => report(resource, `it belongs to the user ${resource.user}, the repl to another`)),
  ];
}

function orphanOfStopped(resource: FoundResource): Finding {
  return { do: "delete", resource, because: "its repl is meant to be stopped" };
}

function compareRunning(intent: Intent, alive: readonly FoundResource[], situation: Situation): Finding[] {
  const { kinds, nowMs, idleTimeoutMs } = situation;
  if (idleTimeoutMs > 0 && intent.readyAt > 0 && Math.max(intent.seenAt, intent.readyAt) < nowMs - idleTimeoutMs) {
    const because = `nobody has used it for ${Math.round(idleTimeoutMs / 60_000)} minutes`;
    return [{ do: "stop", intent, because, unusedSinceMs: nowMs - idleTimeoutMs }];
  }
  const current = alive.filter(({ generation }) => generation >= intent.generation);
  const missing = kinds.filter((kind) => !current.some((resource) => resource.kind === kind));
  if (missing.length > 0) return [restart(intent, missing)];
  const stale = alive.filter(({ generation }) => generation < intent.generation);
  return stale.map((resource) => ({ do: "delete", resource, because: "its repl is past its generation" }));
}

/** A start that has just failed would fail again: what is left of it stays as it is until somebody asks for it. */
function restart(intent: Intent, missing: readonly string[]): Finding {
  const because = `it is meant to run and has no ${missing.join(", ")} of generation ${intent.generation}`;
  if (intent.lastFailed)
    return { do: "report", subject: intent.replId, because: `${because}, but its last start failed` };
  return { do: "start", intent, because };
}

function judgeUnknown(resource: FoundResource, { nowMs, knownSinceMs }: Situation): Finding[] {
  if (resource.terminating || resource.createdAtMs > nowMs - YOUNG_MS) return [];
  if (resource.createdAtMs >= knownSinceMs)
    return [{ do: "delete", resource, because: "nobody has asked for its repl" }];
  return [report(resource, "it is older than this Redis, which does not know its repl")];
}

function report(resource: FoundResource, because: string): Finding {
  return { do: "report", subject: subjectOf(resource), because };
}

function subjectOf({ kind, namespace, name }: FoundResource): string {
  return `${kind}/${namespace}/${name}`;
}

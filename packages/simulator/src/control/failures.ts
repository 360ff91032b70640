import type { KubeObject } from "../objects/object.ts";
import { FAILURE_PREFIXES, type FailureName, isFailureName } from "./failure-kinds.ts";
import { matchesGlob } from "./glob.ts";

/** The label by which a pod tells its repl. */
const REPL_LABEL = "repl-orchestrator.dev/repl";

/** Tells pods of a repl to fail. */
export interface FailureRule {
  /** Exact id or pattern with `*`, matched with the pod's repl label, its name, and the name of its Deployment. */
  readonly repl: string;
  readonly failure: FailureName;
  /** Replaces the usual message. */
  readonly message?: string;
  /** Of a container that crashes; 1 unless told otherwise. */
  readonly exitCode?: number;
  /** How many pods it hits before it heals; all unless told otherwise. */
  readonly times?: number;
}

/** A rule in force. */
interface ActiveFailure extends FailureRule {
  readonly id: string;
}

/** The failures in force. A removed one heals the pods it hit, as far as a real pod would heal. */
export interface Failures {
  add(rule: FailureRule): ActiveFailure;
  /** Removes one rule by its id; false when there is none. */
  remove(id: string): boolean;
  clear(): void;
  list(): readonly ActiveFailure[];
  /** What a pod is told to do: the latest matching rule, else what its repl's name says. */
  match(pod: KubeObject): FailureRule | undefined;
  /** Calls back after each change of the rules. */
  onChange(listener: () => void): void;
}

/** `web-5d4f…-x2k9q` → `web`: the Deployment a pod's generated name begins with. */
const deploymentName = (name: string): string => name.split("-").slice(0, -2).join("-");

function namesOf({ metadata }: KubeObject): readonly string[] {
  const repl = metadata.labels?.[REPL_LABEL];
  const name = metadata.name || (metadata.generateName ?? "");
  return [repl ?? "", name, deploymentName(name)].filter((text) => text !== "");
}

function byPrefix(names: readonly string[]): FailureRule | undefined {
  const prefix = Object.keys(FAILURE_PREFIXES).find((start) => names.some((name) => name.startsWith(start)));
  const failure = prefix === undefined ? undefined : FAILURE_PREFIXES[prefix];
  return failure && { repl: `${prefix}*`, failure };
}

/** @throws Error naming the field when a rule is not usable. */
function checkFailureRule(rule: FailureRule): void {
  if (typeof rule.repl !== "string" || rule.repl === "") throw new Error("repl: must be a repl id or a pattern with *");
  if (!isFailureName(String(rule.failure))) throw new Error(`failure: unknown failure ${JSON.stringify(rule.failure)}`);
  for (const field of ["exitCode", "times"] as const)
    if (rule[field] !== undefined && !Number.isInteger(rule[field]))
      throw new Error(`${field}: must be a whole number`);
}

export function createFailures(): Failures {
  const rules = new Map<string, ActiveFailure>();
  const hits = new Map<string, Set<string>>();
  const listeners: (() => void)[] = [];
  let serial = 0;
  const changed = (): void => {
    for (const listener of listeners) listener();
  };

  /** A limited rule goes on hitting the pods it once hit, and takes new ones up to its limit. */
  const applies = (rule: ActiveFailure, pod: KubeObject): boolean => {
    if (rule.times === undefined) return true;
    const hit = hits.get(rule.id) ?? new Set();
    hits.set(rule.id, hit);
    if (!hit.has(pod.metadata.uid) && hit.size >= rule.times) return false;
    hit.add(pod.metadata.uid);
    return true;
  };

  return {
    add(rule) {
      checkFailureRule(rule);
      serial += 1;
      const active = { ...rule, id: String(serial) };
      rules.set(active.id, active);
      changed();
      return active;
    },
    remove(id) {
      hits.delete(id);
      const existed = rules.delete(id);
      if (existed) changed();
      return existed;
    },
    clear() {
      rules.clear();
      hits.clear();
      changed();
    },
    list: () => [...rules.values()],
    match(pod) {
      const names = namesOf(pod);
      const rule = [...rules.values()].findLast(
        (candidate) => names.some((name) => matchesGlob(candidate.repl, name)) && applies(candidate, pod),
      );
      return rule ?? byPrefix(names);
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
  };
}

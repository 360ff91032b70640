import type { Target } from "../http/target.ts";
import { matchesGlob } from "./glob.ts";

/** Which calls a fault meets; what is left out matches all. Texts may hold `*`. */
interface FaultMatch {
  readonly verbs?: readonly string[];
  /** Plurals, such as `deployments`. */
  readonly resources?: readonly string[];
  readonly namespace?: string;
  readonly name?: string;
  readonly userAgent?: string;
}

/** What happens to a call that a fault meets. */
export type FaultEffect =
  /** Answered so, and not executed. A string body is sent as text/plain, an object as JSON. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
    }
  /** Executed, but the connection is cut before the reply. */
  | { readonly kind: "drop-reply" }
  /** Cut before it is executed. */
  | { readonly kind: "cut" }
  /** Executed after a pause, in milliseconds. */
  | { readonly kind: "delay"; readonly delayMs: number }
  /** Executed only once the fault is removed. */
  | { readonly kind: "hold" };

/** A fault: its effect on the next `times` matching calls (1 unless told otherwise; "always" until removed). */
export interface FaultRule {
  readonly match?: FaultMatch;
  readonly times?: number | "always";
  readonly effect: FaultEffect;
}

/** A fault in force. `hits` counts the calls it has met. */
interface ActiveFault extends FaultRule {
  readonly id: string;
  readonly hits: number;
}

/** Faults of the API itself, apart from what happens to pods. */
export interface Faults {
  add(rule: FaultRule): ActiveFault;
  /** Removes a fault and lets go of the calls it holds; false when there is none. */
  remove(id: string): boolean;
  clear(): void;
  list(): readonly ActiveFault[];
  /** Refuses writes beyond this many at a time with 429, text/plain, `Retry-After: 1`; undefined lifts the limit. */
  limitMutating(inFlight: number | undefined): void;
}

/** What the server needs to carry faults out. */
export interface FaultPlan extends Faults {
  /** The effect on a call, which counts as a hit. */
  take(target: Target, userAgent: string): { readonly id: string; readonly effect: FaultEffect } | undefined;
  /** Settles when the fault is removed. */
  released(id: string): Promise<void>;
  readonly mutatingLimit: number | undefined;
}

interface Entry {
  readonly rule: FaultRule;
  hits: number;
  waiting: (() => void)[];
}

const EFFECTS = ["answer", "drop-reply", "cut", "delay", "hold"];

/** @throws Error naming the field when a rule is not usable. */
function checkFaultRule(rule: FaultRule): void {
  const { effect, times } = rule;
  if (!EFFECTS.includes(effect?.kind)) throw new Error(`effect.kind: must be one of ${EFFECTS.join(", ")}`);
  if (effect.kind === "answer" && !(effect.status >= 200 && effect.status < 600))
    throw new Error("effect.status: must be an HTTP status from 200 to 599");
  if (effect.kind === "delay" && !(effect.delayMs >= 0))
    throw new Error("effect.delayMs: must be a number of milliseconds");
  if (times !== undefined && times !== "always" && !(times >= 1))
    throw new Error('times: must be a whole number from 1, or "always"');
}

const fits = (pattern: string | undefined, text: string): boolean =>
  pattern === undefined || matchesGlob(pattern, text);

const meets = (match: FaultMatch, target: Target, userAgent: string): boolean =>
  (match.verbs?.includes(target.verb) ?? true) &&
  (match.resources?.includes(target.kind.plural) ?? true) &&
  fits(match.namespace, target.namespace) &&
  fits(match.name, target.name) &&
  fits(match.userAgent, userAgent);

const isOpen = ({ rule, hits }: Entry): boolean => rule.times === "always" || hits < (rule.times ?? 1);

export function createFaults(): FaultPlan {
  const entries = new Map<string, Entry>();
  let serial = 0;
  let mutatingLimit: number | undefined;
  const show = (id: string, { rule, hits }: Entry): ActiveFault => ({
    ...rule,
    id,
    hits,
  });
  const remove = (id: string): boolean => {
    const entry = entries.get(id);
    entries.delete(id);
    for (const release of entry?.waiting ?? []) release();
    return entry !== undefined;
  };
  return {
    get mutatingLimit() {
      return mutatingLimit;
    },
    add(rule) {
      checkFaultRule(rule);
      serial += 1;
      const entry: Entry = { rule, hits: 0, waiting: [] };
      entries.set(String(serial), entry);
      return show(String(serial), entry);
    },
    remove,
    clear() {
      for (const id of [...entries.keys()]) remove(id);
      mutatingLimit = undefined;
    },
    list: () => [...entries].map(([id, entry]) => show(id, entry)),
    limitMutating: (inFlight) => {
      mutatingLimit = inFlight;
    },
    take(target, userAgent) {
      for (const [id, entry] of entries)
        if (isOpen(entry) && meets(entry.rule.match ?? {}, target, userAgent)) {
          entry.hits += 1;
          return { id, effect: entry.rule.effect };
        }
      return undefined;
    },
    released: (id) =>
      new Promise((resolve) => {
        const entry = entries.get(id);
        if (entry === undefined) resolve();
        else entry.waiting.push(resolve);
      }),
  };
}

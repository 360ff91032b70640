import { timestamp } from "./object.ts";

/** One entry of `status.conditions`. Only some kinds carry `lastUpdateTime` or `lastProbeTime`. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly lastUpdateTime?: string;
  readonly lastProbeTime?: null;
}

export const condition = (list: readonly Condition[] | undefined, type: string): Condition | undefined =>
  list?.find((entry) => entry.type === type);

const sameMeaning = (a: Condition, b: Condition): boolean =>
  a.status === b.status && a.reason === b.reason && a.message === b.message;

/** Puts a condition into a list: unchanged when it says the same, and with a new transition time only when its status turned. */
export function withCondition(list: readonly Condition[] | undefined, next: Condition): readonly Condition[] {
  const before = condition(list, next.type);
  if (before !== undefined && sameMeaning(before, next)) return list ?? [];
  const turned = before === undefined || before.status !== next.status;
  const entry = {
    ...next,
    lastTransitionTime: turned ? timestamp() : (before.lastTransitionTime ?? timestamp()),
  };
  if (before === undefined) return [...(list ?? []), entry];
  return (list ?? []).map((old) => (old.type === next.type ? entry : old));
}

export const withoutCondition = (list: readonly Condition[] | undefined, type: string): readonly Condition[] =>
  (list ?? []).filter((entry) => entry.type !== type);

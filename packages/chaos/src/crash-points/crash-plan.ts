/** What happens at one write: the worker dies before it, or after it was executed, or the answer is lost. */
type CrashFault = "before" | "after" | "lost";

const CRASH_FAULTS: readonly CrashFault[] = ["before", "after", "lost"];

/** What happens at which write of a job, counted from 1 over all its attempts. */
export interface CrashPoint {
  readonly write: number;
  readonly fault: CrashFault;
}

/** One job and what happens to it: nothing, one point, or two. */
export interface CrashPlan {
  readonly kind: "start" | "stop";
  readonly points: readonly CrashPoint[];
}

/** What became of a plan. */
export interface CrashResult {
  readonly plan: CrashPlan;
  /** Writes that were sent, over all attempts. */
  readonly writes: number;
  /** Points that were met; a plan whose points were not all met has shown nothing. */
  readonly met: number;
}

/** Every fault at every write that an undisturbed job makes (the rule of Sieve, OSDI 2022). */
export function singles(kind: CrashPlan["kind"], writes: number): CrashPlan[] {
  return range(1, writes).flatMap((write) => CRASH_FAULTS.map((fault) => ({ kind, points: [{ write, fault }] })));
}

/** After each plan's points, every fault at every write that it went on to make. */
export function extended({ plan, writes }: CrashResult): CrashPlan[] {
  const last = plan.points.at(-1)?.write ?? 0;
  return range(last + 1, writes).flatMap((write) =>
    CRASH_FAULTS.map((fault) => ({ ...plan, points: [...plan.points, { write, fault }] })),
  );
}

/** "start 1 before, 3 lost" */
export function nameOfPlan({ kind, points }: CrashPlan): string {
  return `${kind} ${points.map(({ write, fault }) => `${write} ${fault}`).join(", ") || "undisturbed"}`;
}

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);

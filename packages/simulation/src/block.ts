import process from "node:process";
import { type Outcome, runSchedule } from "./run/run-schedule.ts";
import type { Shared } from "./run/shared.ts";
import { makePlan } from "./schedule/make-plan.ts";
import { NO_SIZE, type ScheduleSize, sizeOf } from "./schedule/schedule-size.ts";

/** Schedules that a process is given at once: as many seeds from the first one on. */
export interface Block {
  readonly seed: number;
  readonly schedules: number;
}

/** What a process that runs blocks is told once, as JSON, by its one argument. */
export interface BlockProcessOptions {
  /** The name of a broken build to be run. */
  readonly broken?: string | undefined;
  /** Ends its block at the first violation of this invariant. */
  readonly until?: string | undefined;
  /** Whether reports say the history's hash, which costs time. */
  readonly hashes: boolean;
}

/** What became of one schedule of a block. */
export interface ScheduleReport {
  readonly seed: number;
  /** `I9: what is wrong`, one for each violation. */
  readonly violations: readonly string[];
  readonly size: ScheduleSize;
  /** Time of a core that it took, seconds. */
  readonly cpuSeconds: number;
  readonly hash?: string;
}

/** What a process that runs blocks says: that it is ready for its first block, one schedule, the end of a block. */
export type BlockMessage =
  | { readonly type: "ready" }
  | { readonly type: "schedule"; readonly report: ScheduleReport }
  | { readonly type: "end" };

function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000_000;
}

/** Violations as they are shown. */
export const sentencesOf = ({ violations }: Pick<Outcome, "violations">): string[] =>
  violations.map(({ invariant, what }) => `${invariant}: ${what}`);

/** Runs the schedules of a block one after the other. */
export async function runBlock(
  { seed, schedules }: Block,
  { until, hashes }: BlockProcessOptions,
  shared: Shared,
  report: (report: ScheduleReport) => void,
): Promise<void> {
  for (let at = seed; at < seed + schedules; at += 1) {
    const before = process.cpuUsage();
    const outcome = await runSchedule(makePlan(at), shared).catch((error: unknown) => String(error));
    if (typeof outcome === "string") {
      report({ seed: at, violations: [outcome], size: NO_SIZE, cpuSeconds: secondsSince(before) });
      continue;
    }
    const hash = hashes ? { hash: outcome.hash() } : {};
    const cpuSeconds = secondsSince(before);
    report({ seed: at, violations: sentencesOf(outcome), size: sizeOf(outcome), cpuSeconds, ...hash });
    if (outcome.violations.some(({ invariant }) => invariant === until)) return;
  }
}

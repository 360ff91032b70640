import type { Outcome } from "../run/run-schedule.ts";

/** How much happened in one schedule, or in several together. */
export interface ScheduleSize {
  /** What clients were planned to ask for. */
  readonly operations: number;
  /** Faults that were met. */
  readonly faults: number;
  readonly jobs: number;
  /** Jobs taken from the queue: more than jobs, where one was run again. */
  readonly runs: number;
  /** Calls of the API server that write. */
  readonly writes: number;
  /** Of virtual time. */
  readonly seconds: number;
}

/** Reads off a schedule how much was in it. */
export function sizeOf({ plan, history: { events, end } }: Outcome): ScheduleSize {
  const count = (type: (typeof events)[number]["type"]) =>
    events.reduce((sum, event) => sum + Number(event.type === type), 0);
  return {
    operations: plan.operations.length,
    faults: count("fault"),
    jobs: end.jobs.length,
    runs: count("taken"),
    writes: count("call"),
    seconds: end.at / 1_000,
  };
}

/** Two sizes together. */
export const addSizes = (left: ScheduleSize, right: ScheduleSize): ScheduleSize => ({
  operations: left.operations + right.operations,
  faults: left.faults + right.faults,
  jobs: left.jobs + right.jobs,
  runs: left.runs + right.runs,
  writes: left.writes + right.writes,
  seconds: left.seconds + right.seconds,
});

/** Nothing happened yet. */
export const NO_SIZE: ScheduleSize = { operations: 0, faults: 0, jobs: 0, runs: 0, writes: 0, seconds: 0 };

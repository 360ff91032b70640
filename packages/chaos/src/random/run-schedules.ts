import type { Violation } from "@repl/checker";
import { Recorder } from "../record/recorder.ts";
import { type Installation, startInstallation } from "../service/installation.ts";
import type { Target } from "../target/target.ts";
import { makePlan } from "./make-plan.ts";
import { type RoundOutcome, runRound } from "./run-round.ts";

/** Which schedules, on what. */
export interface SchedulesOptions {
  readonly target: Target;
  readonly firstSeed: number;
  readonly seeds: number;
  /** Schedules that run at the same time on the same processes. */
  readonly perRound: number;
  readonly onRound?: (round: Round) => void;
}

/** One round and what became of it. */
export interface Round {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly tookMs: number;
  readonly outcome: RoundOutcome;
}

/** What was seen of all schedules. */
export interface SchedulesReport {
  readonly seeds: number;
  readonly orders: number;
  readonly faults: number;
  readonly slowestConvergenceMs: number;
  readonly violations: readonly (Violation & { readonly firstSeed: number })[];
}

const APIS = 2;
const WORKERS = 3;
/** Short leases and sweeps, so that what a fault leaves is over soon. */
const WORKER_ENV = {
  LEASE_SECONDS: "2",
  SWEEP_INTERVAL_SECONDS: "1",
  START_TIMEOUT_SECONDS: "20",
  UNSCHEDULABLE_GRACE_SECONDS: "2",
};

/** Runs random schedules, round by round, on one set of real processes, or on a new one after a round that left something. */
export async function runSchedules(options: SchedulesOptions): Promise<SchedulesReport> {
  const { firstSeed, seeds, perRound, onRound } = options;
  const rounds: Round[] = [];
  let stage = await openStage(options.target);
  try {
    for (let seed = firstSeed; seed < firstSeed + seeds; seed += perRound) {
      const round = await oneRound(stage, seed, Math.min(perRound, firstSeed + seeds - seed));
      onRound?.(round);
      // A thousand histories are more than a process has room for.
      rounds.push({ ...round, outcome: { ...round.outcome, events: [] } });
      if (round.outcome.isCleared) continue;
      await stage.close();
      stage = await openStage(options.target);
    }
  } finally {
    await stage.close();
  }
  return summaryOf(rounds);
}

/** The processes of some rounds, and who writes down what happens to them. */
interface Stage {
  readonly installation: Installation;
  readonly recorder: Recorder;
  close(): Promise<void>;
}

async function openStage(target: Target): Promise<Stage> {
  const recorder = new Recorder();
  const { onSecrets, onCall, onProcess, onLine } = recorder;
  const installation = await startInstallation({
    ...{ target, apis: APIS, workers: WORKERS, workerEnv: WORKER_ENV },
    ...{ onSecrets, onCall, onProcess, onLine },
  });
  await recorder.follow(installation);
  const close = async (): Promise<void> => {
    recorder.close();
    await installation[Symbol.asyncDispose]();
  };
  return { installation, recorder, close };
}

async function oneRound({ installation, recorder }: Stage, firstSeed: number, seeds: number): Promise<Round> {
  const began = performance.now();
  const options = { target: installation.target.name, apis: APIS };
  const plans = Array.from({ length: seeds }, (_, index) => makePlan(firstSeed + index, options));
  const outcome = await runRound(installation, recorder, plans);
  return { firstSeed, seeds, tookMs: performance.now() - began, outcome };
}

function summaryOf(rounds: readonly Round[]): SchedulesReport {
  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0);
  return {
    seeds: sum(({ seeds }) => seeds),
    orders: sum(({ outcome }) => outcome.orders),
    faults: sum(({ outcome }) => outcome.faults),
    slowestConvergenceMs: Math.max(0, ...rounds.map(({ outcome }) => outcome.convergedMs)),
    violations: rounds.flatMap(({ firstSeed, outcome }) =>
      outcome.violations.map((violation) => ({ ...violation, firstSeed })),
    ),
  };
}

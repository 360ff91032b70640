import type { HistoryEvent } from "@repl/checker";
import { sentencesOf } from "./block.ts";
import { runSchedule } from "./run/run-schedule.ts";
import { loadShared } from "./run/shared.ts";
import { makePlan } from "./schedule/make-plan.ts";
import type { Plan } from "./schedule/plan.ts";
import { shrink } from "./schedule/shrink.ts";

/** One seed in full: its plan, everything that happened, and what is wrong with it. Answers whether nothing is. */
export async function replay(
  seed: number,
  write: (line: string) => void,
  plan: Plan = makePlan(seed),
): Promise<boolean> {
  const outcome = await runSchedule(plan, loadShared());
  write(JSON.stringify(plan, undefined, 2));
  for (const event of outcome.history.events) write(lineOf(event));
  write(JSON.stringify(outcome.history.end, undefined, 2));
  for (const sentence of sentencesOf(outcome)) write(sentence);
  write(`seed ${seed}: ${outcome.violations.length} violations, history ${outcome.hash()}`);
  return outcome.violations.length === 0;
}

const lineOf = ({ at, ...event }: HistoryEvent) => `${at.toFixed(3).padStart(12)} ${JSON.stringify(event)}`;

/** As {@link replay}, with everything left out of the plan that the failure does not need. */
export async function replaySmallest(seed: number, write: (line: string) => void): Promise<boolean> {
  const shared = loadShared();
  const plan = makePlan(seed);
  const broken = (await runSchedule(plan, shared)).violations[0]?.invariant;
  if (broken === undefined) return replay(seed, write, plan);
  const fails = async (candidate: Plan) =>
    (await runSchedule(candidate, shared)).violations.some(({ invariant }) => invariant === broken);
  return replay(seed, write, await shrink(plan, fails));
}

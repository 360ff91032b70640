import { type Round, runSchedules } from "../random/run-schedules.ts";
import { openTarget } from "../target/target.ts";
import type { Command, Say, Values } from "./command.ts";
import { keepHistory } from "./keep-history.ts";

/** Random schedules on real processes. */
export const schedules: Command = async (values, say) => {
  const { target: name, seed: firstSeed, seeds, round: perRound } = values;
  const began = performance.now();
  await using target = await openTarget(name);
  const tell = (round: Round): void => tellRound(round, values, say);
  const report = await runSchedules({ target, firstSeed, seeds, perRound, onRound: tell });
  const seconds = (performance.now() - began) / 1_000;
  const perSeed = (seconds / report.seeds).toFixed(2);
  say(
    `${report.seeds} schedules on the ${name}, ${report.orders} orders, ${report.faults} faults met, in ${Math.round(seconds)} s (${perSeed} s each); slowest rest ${report.slowestConvergenceMs} ms after healing; ${report.violations.length} violations`,
  );
  return report.violations.length === 0;
};

function tellRound({ firstSeed, seeds, tookMs, outcome }: Round, { target, history }: Values, say: Say): void {
  const { orders, faults, convergedMs, violations, stuck } = outcome;
  say(
    `seeds ${firstSeed} to ${firstSeed + seeds - 1}: ${orders} orders, ${faults} faults, at rest after ${convergedMs} ms, ${Math.round(tookMs)} ms in all, ${violations.length} violations`,
  );
  for (const { invariant, what } of violations) say(`  ${invariant}: ${what}`);
  for (const job of stuck) say(`  not ended: ${job}`);
  if (violations.length === 0) return;
  say(`  again: script/chaos --target ${target} --seed ${firstSeed} --seeds ${seeds} --round ${seeds}`);
  keepHistory(outcome, history === undefined ? undefined : `${history}-${firstSeed}.json`, say);
}

import { runCrashPoints, TRIES } from "../crash-points/run-crash-points.ts";
import { openTarget } from "../target/target.ts";
import type { Command } from "./command.ts";

/** Every crash point of a start and a stop. */
export const crashPoints: Command = async ({ target: name, workers, pairs }, say) => {
  const began = performance.now();
  await using target = await openTarget(name);
  const report = await runCrashPoints({ target, workers, pairs, log: say });
  for (const failure of report.failures) say(`failed: ${failure}`);
  for (const plan of report.unmet) say(`not met in ${TRIES} tries: ${plan}`);
  const seconds = Math.round((performance.now() - began) / 1_000);
  say(
    `${report.singles} single crash points and ${report.pairs} pairs on the ${name}, ${report.kills} workers killed, in ${seconds} s; ${report.unmet.length} not met, ${report.failures.length} failures`,
  );
  return report.failures.length === 0;
};

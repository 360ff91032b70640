import { runZombies } from "../proofs/zombies.ts";
import { openTarget } from "../target/target.ts";
import type { Command } from "./command.ts";

const AT_ONCE = 8;

/** Workers paused beyond lock and lease, which then go on. */
export const zombies: Command = async ({ target: name, rounds, blocked }, say) => {
  const began = performance.now();
  await using target = await openTarget(name);
  const how = blocked ? "blocked" : "paused";
  const report = await runZombies({ target, rounds, how, atOnce: AT_ONCE, log: say });
  for (const failure of report.failures) say(`failed: ${failure}`);
  const seconds = Math.round((performance.now() - began) / 1_000);
  say(
    `${report.rounds} ${how} zombies on the ${name}, ${report.withStop} of them with a stop in between, in ${seconds} s: ${report.lateWrites} writes after waking, ${report.effects} of them executed, ${report.failures.length} failures`,
  );
  return report.failures.length === 0;
};

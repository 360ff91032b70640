import { type KillsReport, runKills } from "../proofs/kills.ts";
import { openTarget } from "../target/target.ts";
import type { Command } from "./command.ts";
import { keepHistory } from "./keep-history.ts";

/** Accepted jobs while workers, apis and Redis are killed. */
export const kills: Command = async ({ target: name, jobs, kills: count, fsync, power, seed, history }, say) => {
  const began = performance.now();
  await using target = await openTarget(name);
  const report = await runKills({ target, jobs, kills: count, fsync, power, seed });
  const { accepted, killed, takenBack, takenBackMs } = report;
  const findings = Object.entries(findingsOf(report));
  for (const [what, found] of findings) for (const line of found.slice(0, 20)) say(`${what}: ${line}`);
  const seconds = Math.round((performance.now() - began) / 1_000);
  const redis = `${killed.redis} ${power ? "losses of power of Redis' machine" : "of Redis"}`;
  const counts = findings.map(([what, found]) => `${found.length} ${what}`);
  say(
    `${accepted} accepted jobs on the ${name} (Redis syncs ${fsync}) over ${killed.worker} kills of workers, ${killed.api} of apis, ${redis}, in ${seconds} s: ${counts.join(", ") || "none lost, all completed, one set of resources each, no violation"}`,
  );
  if (power && fsync === "everysec")
    say(`taken back by the losses of power: ${takenBack}, the oldest accepted ${takenBackMs} ms before`);
  if (findings.length > 0) keepHistory(report, history, say);
  return accepted === jobs && findings.length === 0;
};

/** Everything that must not be, by what it is; what there is none of is left out. */
export function findingsOf({
  lost,
  notCompleted,
  wrongSets,
  violations,
}: KillsReport): Record<string, readonly string[]> {
  const all = {
    lost,
    "not completed": notCompleted,
    "without exactly one set of resources": wrongSets,
    violations: violations.map(({ invariant, what }) => `${invariant}: ${what}`),
  };
  return Object.fromEntries(Object.entries(all).filter(([, found]) => found.length > 0));
}

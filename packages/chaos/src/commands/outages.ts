import { type OutageReport, runOutages } from "../proofs/outages.ts";
import { openTarget } from "../target/target.ts";
import type { Command } from "./command.ts";

/** What is promised, in ms. */
const LIMITS = { answerMs: 2_000, redMs: 10_000, greenMs: 15_000, resumedMs: 5_000 };

const LEAST_MS = 12_000;

/** Each dependency dead, frozen, half-open. */
export const outages: Command = async ({ target: name }, say) => {
  await using target = await openTarget(name);
  const reports = await runOutages(target, LEAST_MS);
  for (const report of reports) {
    const { requests, slowestMs, statuses, redMs, greenMs, resumedMs } = report;
    const answers = Object.entries(statuses).map(([status, count]) => `${count} x ${status}`);
    say(
      `${report.name}: ${requests} requests (${answers.join(", ")}), slowest ${Math.round(slowestMs)} ms; readyz red after ${Math.round(redMs)} ms, green ${Math.round(greenMs)} ms after the cure; a start completed ${Math.round(resumedMs)} ms after it`,
    );
    for (const problem of problemsOf(report)) say(`  failed: ${problem}`);
  }
  return reports.every((report) => problemsOf(report).length === 0);
};

/** What of the promise does not hold. */
export function problemsOf({ slowestMs, statuses, redMs, greenMs, resumedMs }: OutageReport): string[] {
  const unanswered = Object.keys(statuses).filter(
    (status) => status === "0" || (Number(status) >= 500 && status !== "503"),
  );
  return [
    ...unanswered.map((status) => `answers with status ${status}`),
    ...(slowestMs > LIMITS.answerMs ? [`an answer took ${Math.round(slowestMs)} ms`] : []),
    ...(redMs > LIMITS.redMs ? [`readyz was red after ${Math.round(redMs)} ms`] : []),
    ...(greenMs > LIMITS.greenMs ? [`readyz was green after ${Math.round(greenMs)} ms`] : []),
    ...(resumedMs > LIMITS.resumedMs ? [`work went on after ${Math.round(resumedMs)} ms`] : []),
  ];
}

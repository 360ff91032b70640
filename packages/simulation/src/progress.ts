import type { CampaignResult } from "./campaign.ts";

/** Between two lines, seconds. */
const EVERY_SECONDS = 10;

const whole = (count: number) => Math.round(count).toLocaleString("en");

/** Writes now and then how far a campaign of so many schedules is. */
export function createProgress(schedules: number, write: (line: string) => void): (soFar: CampaignResult) => void {
  let shownAt = 0;
  return ({ schedules: ran, seconds, failed }) => {
    if (seconds < shownAt + EVERY_SECONDS) return;
    shownAt = seconds;
    write(
      `${whole(ran)} of ${whole(schedules)} schedules, ${whole(ran / seconds)} a second, ${whole(failed.length)} failed`,
    );
  };
}

/** What a campaign found, and how much was in one schedule of it, on the average. */
export function summaryOf({ schedules, seconds, cpuSeconds, failed, caughtAt, size }: CampaignResult): string {
  const each = (count: number, what: string) => `${(count / schedules).toFixed(1)} ${what}`;
  const caught = caughtAt === undefined ? "" : `, caught at seed ${caughtAt}`;
  const rate = `${whole(schedules)} schedules in ${seconds.toFixed(1)} s (${(schedules / seconds).toFixed(1)} a second)`;
  const parts = [
    `${((cpuSeconds / schedules) * 1_000).toFixed(1)} ms of a core`,
    each(size.operations, "operations"),
    each(size.faults, "faults met"),
    each(size.jobs, "jobs"),
    each(size.runs, "runs of them"),
    each(size.writes, "writes to the API server"),
    each(size.seconds, "s of virtual time"),
  ];
  return `${rate}, ${failed.length} failed${caught}\nin each: ${parts.join(", ")}`;
}

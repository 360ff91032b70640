import { type JobRecord, TERMINAL_STATES } from "@repl/contract";
import type { JobTail } from "./job-tail.ts";

/**
 * The job once its state or phase differs from `first`, at once where it has ended, else as it is when the time is
 * over, the client has gone or the process is ending.
 */
export async function waitForNews(tail: JobTail, first: JobRecord, waitMs: number): Promise<JobRecord> {
  const deadline = performance.now() + waitMs;
  let latest = first;
  while (!isNews(first, latest)) {
    const next = await tail.next(Math.max(0, deadline - performance.now()));
    if (next === "silent" || next === "ended") break;
    latest = next;
  }
  return latest;
}

function isNews(first: JobRecord, now: JobRecord): boolean {
  return TERMINAL_STATES.has(now.state) || now.state !== first.state || now.phase !== first.phase;
}

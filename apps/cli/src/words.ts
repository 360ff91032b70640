import type { JobStatus, ReplStatus } from "repl-orchestrator-client";

const BAR_CELLS = 20;

/** How a job goes, in one line of at most so many characters. */
export function progressLine(
  { progress, phase, message, attempts }: JobStatus,
  elapsedMs: number,
  columns: number,
): string {
  const done = Math.round((progress / 100) * BAR_CELLS);
  const bar = "█".repeat(done) + "░".repeat(BAR_CELLS - done);
  const again = attempts.made > 1 ? ` (attempt ${attempts.made} of ${attempts.max})` : "";
  const line = `${bar} ${String(progress).padStart(3)} %  ${durationText(elapsedMs)}  ${phase}${again}: ${message}`;
  return line.length > columns ? `${line.slice(0, Math.max(0, columns - 1))}…` : line;
}

/** How a job ended, in lines. */
export function endLines(job: JobStatus): string[] {
  const { kind, replId, state, message, error } = job;
  const after =
    job.finishedAt === null ? "" : ` after ${durationText(Date.parse(job.finishedAt) - Date.parse(job.createdAt))}`;
  if (state === "completed") {
    return kind === "start"
      ? [`${replId} is ready${after}`, ...job.urls.map((url) => `  ${url}`)]
      : [`${replId} is stopped${after}`];
  }
  const outcome = state === "cancelled" ? `the ${kind} of ${replId} was cancelled` : `${replId}: the ${kind} failed`;
  return [`${outcome}${after}`, `  ${error?.message ?? message}`, ...(error === null ? [] : [`  ${codeLine(error)}`])];
}

function codeLine({ code, retryable }: NonNullable<JobStatus["error"]>): string {
  return retryable ? `${code}: the same start may succeed later` : `${code}: something has to be changed first`;
}

/** What a repl does, in one line. */
export function replLine(
  { replId, state, since, urls }: ReplStatus,
  nowMs: number,
  nameColumns = replId.length,
): string {
  const columns = [
    replId.padEnd(nameColumns),
    state.padEnd(8),
    durationText(nowMs - Date.parse(since)).padStart(11),
    ...urls,
  ];
  return columns.join("  ").trimEnd();
}

/** 4 s, 1:05 min, 2:00:05 h */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (count: number) => String(count).padStart(2, "0");
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)} min`;
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)} h`;
}

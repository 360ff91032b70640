import { durationText, type JobStatus, placeText, type ReplStatus } from "repl-orchestrator-client";

const BAR_CELLS = 20;
/** On a narrower terminal the words need the bar's place. */
const BAR_FROM_COLUMNS = 60;

/** How a job goes, in one line of at most so many characters. */
export function progressLine(status: JobStatus, elapsedMs: number, columns: number): string {
  const { progress, phase, message, attempts } = status;
  const again = attempts.made > 1 ? ` (attempt ${attempts.made} of ${attempts.max})` : "";
  const bar = columns < BAR_FROM_COLUMNS ? "" : `${barOf(progress)} `;
  const line = `${bar}${String(progress).padStart(3)} %  ${durationText(elapsedMs)}  ${phase}${again}: ${message}${placeText(status)}`;
  return printable(line.length > columns ? `${line.slice(0, Math.max(0, columns - 1))}…` : line);
}

/** Messages quote what programs and servers wrote, which may hold line breaks and a terminal's commands. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}

function barOf(progress: number): string {
  const done = Math.round((progress / 100) * BAR_CELLS);
  return "█".repeat(done) + "░".repeat(BAR_CELLS - done);
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
  return [
    `${outcome}${after}`,
    `  ${printable(error?.message ?? message)}`,
    ...(error === null ? [] : [`  ${codeLine(error)}`]),
  ];
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

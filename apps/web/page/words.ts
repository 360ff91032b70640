import type { JobKind, JobState, JobStatus, Phase, ReplState } from "repl-orchestrator-client";

/** What each step is called; the last one differs by what the job does. */
const STEP_NAMES: Readonly<Record<Exclude<Phase, "done">, string>> = {
  queued: "Queued",
  applying: "Creating",
  deleting: "Deleting",
  scheduling: "Scheduling",
  pulling: "Pulling",
  copying: "Copying",
  starting: "Starting",
  answering: "Answering",
};

export function stepName(phase: Phase, kind: JobKind): string {
  if (phase === "done") return kind === "start" ? "Ready" : "Stopped";
  return STEP_NAMES[phase];
}

export const JOB_STATE_NAMES: Readonly<Record<JobState, string>> = {
  queued: "Queued",
  active: "In progress",
  retrying: "Trying again",
  completed: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

export const REPL_STATE_NAMES: Readonly<Record<ReplState, string>> = {
  running: "Running",
  starting: "Starting",
  stopping: "Stopping",
  stopped: "Stopped",
  failed: "Failed",
};

/** What the job is about, as a heading. */
export function headingOf({ kind, replId, state }: JobStatus): string {
  const words = {
    start: { completed: `${replId} is ready`, failed: `${replId} could not be started`, other: `Starting ${replId}` },
    stop: { completed: `${replId} is stopped`, failed: `${replId} could not be stopped`, other: `Stopping ${replId}` },
  }[kind];
  if (state === "cancelled") return `The ${kind} of ${replId} was cancelled`;
  return state === "completed" || state === "failed" ? words[state] : words.other;
}

import type { JobKind, JobState, JobStatus, Phase } from "./wire.ts";

/** The phases that a job passes through, in order; some may be skipped, none comes twice within an attempt. */
export const STEPS: Readonly<Record<JobKind, readonly Phase[]>> = {
  start: ["queued", "applying", "scheduling", "pulling", "copying", "starting", "answering", "done"],
  stop: ["queued", "deleting", "done"],
};

const ENDED: ReadonlySet<JobState> = new Set(["completed", "failed", "cancelled"]);

/** Whether a job will never change again. */
export function hasEnded({ state }: Pick<JobStatus, "state">): boolean {
  return ENDED.has(state);
}

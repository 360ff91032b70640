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

/** Where a waiting job stands, as a sentence to follow others; empty where that is not known. */
export function placeText({ queue }: Pick<JobStatus, "queue">): string {
  if (!queue) return "";
  const { ahead, startsInSeconds } = queue;
  const others = ahead === 0 ? "Yours is next" : `${ahead} before yours`;
  return startsInSeconds === null ? ` ${others}.` : ` ${others}, about ${durationText(startsInSeconds * 1_000)}.`;
}

/** A length of time for people, in whole seconds: 4 s, 1:05 min, 2:00:05 h. What is below zero is 0 s. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (count: number) => String(count).padStart(2, "0");
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)} min`;
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)} h`;
}

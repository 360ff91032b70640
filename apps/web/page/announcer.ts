import { hasEnded, type JobStatus } from "repl-orchestrator-client";
import { byId, setText } from "./dom.ts";
import { stepsOf } from "./steps.ts";
import type { State, Store } from "./store.ts";
import { headingOf, stepName } from "./words.ts";

const TITLE = document.title;

/** Tells screen readers each step, once, and the tab's title how far it is. A failure's reason is read by its own alert. */
export function openAnnouncer(store: Store): void {
  const announcer = byId("announcer", HTMLParagraphElement);
  store.draw(({ job }: State) => {
    setText(announcer, job === undefined ? "" : announcementOf(job.status));
    document.title = job === undefined ? TITLE : `${titleOf(job.status)} – ${TITLE}`;
  });
}

function announcementOf(status: JobStatus): string {
  const { kind, replId, phase } = status;
  if (hasEnded(status)) return `${headingOf(status)}.`;
  const steps = stepsOf(status);
  const number = steps.findIndex((step) => step.phase === phase) + 1;
  // Which of those ahead will come only the job's end tells.
  return `${replId}: ${stepName(phase, kind)}, step ${number} of at most ${steps.length}.`;
}

function titleOf(status: JobStatus): string {
  return hasEnded(status) ? headingOf(status) : `${status.progress} % ${status.replId}`;
}

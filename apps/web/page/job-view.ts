import { durationText, hasEnded, type JobError, type JobStatus, placeText } from "repl-orchestrator-client";
import { byId, create, linkTo, onPress, setText } from "./dom.ts";
import { drawFailure } from "./failure-view.ts";
import type { Session } from "./session.ts";
import { createStepsView } from "./steps-view.ts";
import type { ShownJob, State, Store } from "./store.ts";
import { headingOf, JOB_STATE_NAMES } from "./words.ts";

const TICK_MS = 500;

/** The job on the screen: its progress as it happens, how it ended, and what can be done about it. */
export function openJobView(store: Store, session: Session): void {
  const section = byId("job", HTMLElement);
  const heading = byId("job-heading", HTMLHeadingElement);
  const badge = byId("job-state", HTMLSpanElement);
  const progress = byId("job-progress", HTMLProgressElement);
  const message = byId("job-message", HTMLParagraphElement);
  const links = byId("job-links", HTMLUListElement);
  const action = byId("job-action", HTMLButtonElement);
  const drawSteps = createStepsView(byId("job-steps", HTMLOListElement));

  const draw = (job: ShownJob | undefined) => {
    section.hidden = job === undefined;
    if (job === undefined) return;
    const { status } = job;
    section.dataset["state"] = status.state;
    setText(heading, headingOf(status));
    setText(badge, JOB_STATE_NAMES[status.state]);
    badge.dataset["state"] = status.state;
    progress.value = status.progress;
    drawSteps(status);
    setText(message, messageOf(status));
    const failure = failureOf(status);
    message.hidden = failure !== null || urlsOf(status).length > 0;
    drawFailure(failure);
    drawLinks(links, status);
    setText(action, actionOf(status).text);
    drawElapsed(job);
  };
  onPress(action, () => {
    const status = store.state.job?.status;
    if (status) void session[actionOf(status).does](status.replId);
  });

  let shown: ShownJob | undefined;
  store.draw(({ job }: State) => {
    const another = job?.status.jobId !== shown?.status.jobId;
    if (job !== shown || job === undefined) draw(job);
    shown = job;
    if (another && job) section.scrollIntoView({ block: "nearest" });
  });
  setInterval(() => shown && drawElapsed(shown), TICK_MS);
}

function drawElapsed({ status, startedAtMs }: ShownJob): void {
  const ms = status.finishedAt
    ? Date.parse(status.finishedAt) - Date.parse(status.createdAt)
    : Date.now() - startedAtMs;
  setText(byId("job-elapsed", HTMLSpanElement), durationText(ms));
}

function messageOf(status: JobStatus): string {
  const { message, attempts, state } = status;
  const again = attempts.made > 1 && state !== "completed" ? `Attempt ${attempts.made} of ${attempts.max}. ` : "";
  return again + message + placeText(status);
}

/** A job that is tried again has the error of its last attempt, which must not hide its progress. */
function failureOf({ state, error }: JobStatus): JobError | null {
  return state === "failed" ? error : null;
}

function drawLinks(list: HTMLUListElement, status: JobStatus): void {
  const urls = urlsOf(status);
  list.hidden = urls.length === 0;
  list.replaceChildren(...urls.map((url) => create("li", {}, linkTo(url))));
}

/** Where the workspace answers; none while it does not yet. */
function urlsOf({ kind, state, urls }: JobStatus): readonly string[] {
  return kind === "start" && state === "completed" ? urls : [];
}

function actionOf(status: JobStatus): { text: string; does: "start" | "stop" } {
  const { kind, state } = status;
  if (kind === "start" && !hasEnded(status)) return { text: "Cancel", does: "stop" };
  if (kind === "start" && state === "completed") return { text: "Stop", does: "stop" };
  if (kind === "stop" && state === "failed") return { text: "Stop again", does: "stop" };
  if (kind === "stop") return { text: "Start again", does: "start" };
  return { text: "Try again", does: "start" };
}

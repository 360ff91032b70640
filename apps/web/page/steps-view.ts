import { type JobKind, type JobStatus, type Phase, STEPS } from "repl-orchestrator-client";
import { create } from "./dom.ts";
import { type StepState, stepsOf } from "./steps.ts";
import { stepName } from "./words.ts";

const SAID: Readonly<Record<StepState, string>> = {
  done: "done",
  current: "now",
  failed: "failed here",
  cancelled: "cancelled here",
  ahead: "",
};

/** Draws a job's steps into the list; the items stay while the kind of job stays, so that changes can be animated. */
export function createStepsView(list: HTMLOListElement): (status: JobStatus) => void {
  let kind: JobKind | undefined;
  let items = new Map<Phase, HTMLLIElement>();
  return (status) => {
    if (kind !== status.kind) {
      kind = status.kind;
      items = new Map(STEPS[kind].map((phase) => [phase, itemOf(stepName(phase, status.kind))]));
      list.replaceChildren(...items.values());
    }
    const states = new Map(stepsOf(status).map(({ phase, state }) => [phase, state]));
    for (const [phase, item] of items) draw(item, states.get(phase));
  };
}

function itemOf(name: string): HTMLLIElement {
  return create("li", {}, create("span", { className: "name" }, name), create("span", { className: "unseen" }));
}

function draw(item: HTMLElement, state: StepState | undefined): void {
  item.hidden = state === undefined;
  if (state === undefined) return;
  item.dataset["state"] = state;
  if (state === "current") item.setAttribute("aria-current", "step");
  else item.removeAttribute("aria-current");
  const said = item.querySelector(".unseen");
  if (said) said.textContent = SAID[state] && ` (${SAID[state]})`;
}

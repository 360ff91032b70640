import { type JobKind, type JobStatus, STEPS } from "repl-orchestrator-client";
import { create } from "./dom.ts";
import { stepName } from "./words.ts";

type StepState = "done" | "current" | "failed" | "ahead";

const SAID: Readonly<Record<StepState, string>> = { done: "done", current: "now", failed: "failed here", ahead: "" };

/** Draws a job's steps into the list; the items stay while the kind of job stays, so that changes can be animated. */
export function createStepsView(list: HTMLOListElement): (status: JobStatus) => void {
  let kind: JobKind | undefined;
  return (status) => {
    if (kind !== status.kind) {
      kind = status.kind;
      list.replaceChildren(...STEPS[kind].map((phase) => itemOf(stepName(phase, status.kind))));
    }
    for (const [index, item] of [...list.children].entries()) draw(item as HTMLElement, stateOf(index, status));
  };
}

function itemOf(name: string): HTMLLIElement {
  return create("li", {}, create("span", { className: "name" }, name), create("span", { className: "unseen" }));
}

function draw(item: HTMLElement, state: StepState): void {
  item.dataset["state"] = state;
  if (state === "current") item.setAttribute("aria-current", "step");
  else item.removeAttribute("aria-current");
  const said = item.querySelector(".unseen");
  if (said) said.textContent = SAID[state] && ` (${SAID[state]})`;
}

function stateOf(index: number, { kind, phase, state }: JobStatus): StepState {
  const at = STEPS[kind].indexOf(phase);
  if (state === "completed" || index < at) return "done";
  if (index > at) return "ahead";
  return state === "failed" || state === "cancelled" ? "failed" : "current";
}

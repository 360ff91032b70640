import { type JobState, type JobStatus, type Phase, STEPS } from "repl-orchestrator-client";

export type StepState = "done" | "current" | "failed" | "cancelled" | "ahead";

interface Step {
  readonly phase: Phase;
  readonly state: StepState;
}

/**
 * The steps that a job has entered, and those that may still come. One that it went past without entering it is none: not
 * every start pulls an image, and most services do not wait for an answer.
 */
export function stepsOf({ kind, phase, phases, state }: JobStatus): readonly Step[] {
  const entered = new Set(phases.map((timing) => timing.phase));
  const at = STEPS[kind].indexOf(phase);
  return STEPS[kind].flatMap((step, index): Step[] => {
    if (index > at) return [{ phase: step, state: "ahead" }];
    if (index === at) return [{ phase: step, state: stateHere(state) }];
    return entered.has(step) ? [{ phase: step, state: "done" }] : [];
  });
}

function stateHere(state: JobState): StepState {
  if (state === "failed" || state === "cancelled") return state;
  return state === "completed" ? "done" : "current";
}

import type { JobState, JobStatus, Phase } from "repl-orchestrator-client";
import { expect, test } from "vitest";
import { stepsOf } from "../page/steps.ts";

test("a completed job has the steps that it entered, and no others", () => {
  const entered = ["queued", "applying", "scheduling", "pulling", "copying", "starting"] as const;
  const done = (phases: readonly Phase[]) => [...phases, "done"].map((phase) => `${phase} done`);
  expect(shown("completed", "done", entered)).toEqual(done(entered));
  expect(shown("completed", "done", [...entered, "answering"])).toEqual(done([...entered, "answering"]));
  expect(shown("completed", "done", ["queued", "applying"])).toEqual(done(["queued", "applying"]));
});

test("what is still to come may come, and what was passed over is no step", () => {
  const ahead = ["starting ahead", "answering ahead", "done ahead"];
  expect(shown("active", "pulling", ["queued", "applying", "pulling"])).toEqual([
    "queued done",
    "applying done",
    "pulling current",
    "copying ahead",
    ...ahead,
  ]);
  expect(shown("failed", "copying", ["queued", "applying", "copying"])).toEqual([
    "queued done",
    "applying done",
    "copying failed",
    ...ahead,
  ]);
});

test("a cancelled job has not failed where it ended", () => {
  expect(shown("cancelled", "queued", ["queued"])[0]).toBe("queued cancelled");
});

test("a further attempt is at the step where it is, wherever the one before was", () => {
  expect(shown("active", "applying", ["queued", "applying", "scheduling", "applying"]).slice(0, 3)).toEqual([
    "queued done",
    "applying current",
    "scheduling ahead",
  ]);
});

/** The steps of a start, each with its state. */
function shown(state: JobState, phase: Phase, entered: readonly Phase[]): string[] {
  const phases = entered.map((each) => ({ phase: each, enteredAt: "", durationMs: null }));
  const steps = stepsOf({ kind: "start", state, phase, phases } as unknown as JobStatus);
  return steps.map((step) => `${step.phase} ${step.state}`);
}

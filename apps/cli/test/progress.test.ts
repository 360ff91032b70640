import type { JobStatus } from "repl-orchestrator-client";
import { expect, test } from "vitest";
import { createProgress } from "../src/progress.ts";
import { durationText, progressLine } from "../src/words.ts";

const status = (change: Partial<JobStatus>) =>
  ({
    progress: 50,
    phase: "pulling",
    message: "Pulling.",
    attempts: { made: 1, max: 3, history: [] },
    ...change,
  }) as JobStatus;

function record(isTTY: boolean) {
  const written: string[] = [];
  return { written, isTTY, columns: 60, write: (text: string) => written.push(text) };
}

test("on a terminal one line is written again and again, and cleared at the end", () => {
  const screen = record(true);
  const progress = createProgress(screen);
  progress.show(status({}));
  progress.show(status({ progress: 80, phase: "starting", message: "x".repeat(200) }));
  progress.end();
  const [first = "", second = "", last = ""] = screen.written;
  expect(first).toBe("\r\u001b[2K██████████░░░░░░░░░░  50 %  0 s  pulling: Pulling.");
  expect(second.replace("\r\u001b[2K", "")).toHaveLength(60);
  expect(second).toMatch(/x…$/);
  expect(last).toBe("\r\u001b[2K");
  expect(screen.written.join("")).not.toContain("\n");
});

test("elsewhere each change is a line, and what stays the same is none", () => {
  const screen = record(false);
  const progress = createProgress(screen);
  progress.show(status({}));
  progress.show(status({}));
  progress.show(status({ phase: "starting", progress: 80 }));
  progress.end();
  expect(screen.written).toEqual([" 50 %  pulling: Pulling.\n", " 80 %  starting: Pulling.\n"]);
});

test("a further attempt is named", () => {
  expect(progressLine(status({ attempts: { made: 2, max: 3, history: [] } }), 65_000, 120)).toContain(
    "1:05 min  pulling (attempt 2 of 3): Pulling.",
  );
});

test.each([
  [-5, "0 s"],
  [59_999, "59 s"],
  [60_000, "1:00 min"],
  [7_205_000, "2:00:05 h"],
])("%i ms is %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

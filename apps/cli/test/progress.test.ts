import { durationText, type JobStatus } from "repl-orchestrator-client";
import { expect, test } from "vitest";
import { createProgress } from "../src/progress.ts";
import { endLines, progressLine } from "../src/words.ts";

const status = (change: Partial<JobStatus>) =>
  ({
    progress: 50,
    phase: "pulling",
    message: "Pulling.",
    attempts: { made: 1, max: 3, history: [] },
    ...change,
  }) as JobStatus;

function record(canRewrite: boolean) {
  const written: string[] = [];
  return { written, canRewrite, columns: 60, write: (text: string) => written.push(text) };
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

test("a narrow terminal has the words without the bar, an unknown width counts as 80 columns", () => {
  expect(progressLine(status({}), 0, 59)).toBe(" 50 %  0 s  pulling: Pulling.");
  expect(progressLine(status({}), 0, 20)).toBe(" 50 %  0 s  pulling…");
  const screen = { ...record(true), columns: 0 };
  const progress = createProgress(screen);
  progress.show(status({}));
  progress.end();
  expect(screen.written[0]).toMatch(/pulling: Pulling\.$/);
});

test("the sentence of how it ended is the result's to tell, once", () => {
  const screen = record(false);
  createProgress(screen).show(status({ state: "failed", message: "Failed." }));
  expect(screen.written).toEqual([" 50 %  pulling: failed.\n"]);
});

test("a message cannot break the line or command the terminal", () => {
  const message = "exit code 1:\nError \u001b[31mred\u001b[0m";
  expect(progressLine(status({ message }), 0, 200)).toMatch(/exit code 1: Error {2}\[31mred \[0m$/);
  expect(
    endLines(status({ kind: "start", replId: "a", state: "failed", finishedAt: null, error: null, message })),
  ).toEqual(["a: the start failed", "  exit code 1: Error  [31mred [0m"]);
});

test.each([
  [{ ahead: 3, startsInSeconds: 10 }, "queued: Waiting. 3 before yours, about 10 s."],
  [{ ahead: 0, startsInSeconds: 65 }, "queued: Waiting. Yours is next, about 1:05 min."],
  [{ ahead: 3, startsInSeconds: null }, "queued: Waiting. 3 before yours."],
  [null, "queued: Waiting."],
])("the place in the queue is told: %j", (queue, text) => {
  const waiting = status({ queue, phase: "queued", message: "Waiting.", progress: 0 });
  expect(progressLine(waiting, 0, 200)).toMatch(new RegExp(`${text.replaceAll(".", "\\.")}$`));
  const screen = record(false);
  createProgress(screen).show(waiting);
  expect(screen.written).toEqual([`  0 %  ${text}\n`]);
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

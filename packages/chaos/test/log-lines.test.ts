import { expect, test } from "vitest";
import { Recorder } from "../src/record/recorder.ts";

/** The lines that count as unreadable. */
function unreadable(...lines: readonly string[]): string[] {
  const recorder = new Recorder();
  for (const line of lines) recorder.onLine("api-1/1", line);
  return recorder.events.flatMap((event) =>
    event.type === "log" && event.level === "unreadable" ? [event.message] : [],
  );
}

const LINE = '{"level":"info","msg":"listening"}';

test.each(["Error: no", "[]", "12", '"text"', "null", ""])("a line that is no JSON object is told of: %s", (line) => {
  expect(unreadable(LINE, line)).toEqual([line]);
});

test("half a line is none where another one follows, and may be the last of a process that was killed", () => {
  expect(unreadable(LINE, LINE)).toEqual([]);
  expect(unreadable(LINE, '{"level":"in')).toEqual([]);
  expect(unreadable('{"level":"in', LINE)).toEqual(['{"level":"in']);
});

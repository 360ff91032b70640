import { expect, test } from "vitest";
import { readableLine } from "./log-line.ts";

const FRAME = { level: "info", time: "2026-11-22T09:19:45.652Z", process: "worker", pid: 1 };
const read = (fields: object) => readableLine(JSON.stringify({ ...FRAME, ...fields }));

test("time, message, then the fields, without what each line has", () => {
  expect(read({ jobId: "a-1", ms: 12, address: { port: 1 }, reason: "two words", empty: "", msg: "job done" })).toBe(
    '09:19:45 job done jobId=a-1 ms=12 address={"port":1} reason="two words" empty=""',
  );
});

test("the level is there where it is not the usual one; wrong settings stand one below the other", () => {
  expect(read({ level: "fatal", msg: "Wrong settings:\n  PORT: expected a port" })).toBe(
    "09:19:45 fatal Wrong settings:\n  PORT: expected a port",
  );
});

test("of an error the message, and the stack where it is severe", () => {
  const err = { name: "Error", message: "connect ECONNREFUSED", stack: "Error: connect ECONNREFUSED\n    at x" };
  expect(read({ level: "warn", err, msg: "connection error" })).toBe(
    '09:19:45 warn connection error error="connect ECONNREFUSED"',
  );
  expect(read({ level: "error", err, msg: "unexpected" })).toBe(
    "09:19:45 error unexpected \nError: connect ECONNREFUSED\n    at x",
  );
});

test.each(["simulator listening on http://127.0.0.1:1", '{"level":', "", '{"msg":"no log"}'])(
  "%j stays as it is",
  (line) => {
    expect(readableLine(line)).toBe(line);
  },
);

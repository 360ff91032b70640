import { type LineRead, lineSeen } from "@repl/checker";
import type { Logger } from "pino";
import type { Recorder } from "./recorder.ts";

/** A log whose warnings and errors go to the history. As much of pino's as is used. */
export function recordingLog(recorder: Recorder, process: string, bindings: LineRead = {}): Logger {
  const write = (level: string) => (given: LineRead | string, text?: string) => {
    const read = typeof given === "string" ? { msg: given } : { ...given, msg: text };
    recorder.add({ type: "log", process, level, message: lineSeen({ ...bindings, ...read }) });
  };
  const silent = () => {};
  const log = {
    trace: silent,
    debug: silent,
    info: silent,
    warn: write("warn"),
    error: write("error"),
    fatal: write("error"),
    child: (more: LineRead) => recordingLog(recorder, process, { ...bindings, ...more }),
  };
  return log as unknown as Logger;
}

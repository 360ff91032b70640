import type { Logger } from "pino";
import type { Recorder } from "./recorder.ts";

/** A log whose warnings and errors go to the history. As much of pino's as is used. */
export function recordingLog(recorder: Recorder, process: string): Logger {
  const write = (level: string) => (given: unknown, text?: string) => {
    const message = typeof given === "string" ? given : (text ?? "");
    recorder.add({ type: "log", process, level, message });
  };
  const silent = () => {};
  const log = {
    trace: silent,
    debug: silent,
    info: silent,
    warn: write("warn"),
    error: write("error"),
    fatal: write("error"),
    child: () => log,
  };
  return log as unknown as Logger;
}

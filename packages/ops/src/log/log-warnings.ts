import process from "node:process";
import type { Log } from "./create-log.ts";

/**
 * Makes what Node.js warns of (deprecations, listeners that add up) lines of the log, in place of the text that it writes to
 * standard error. Once in a process.
 */
export function logWarnings(log: Pick<Log, "warn">): void {
  process.removeAllListeners("warning"); // Node's own, which prints.
  process.on("warning", (err) => log.warn({ err }, "warning of Node.js"));
}

import { type DestinationStream, destination, type Logger, pino } from "pino";
import { redactFields, redactLine } from "./redact.ts";

/** The log of a process, and of a part of its work. */
export type Log = Logger;

/** Where and how much is logged. */
export interface LogOptions {
  /** `api` or `worker`; in each line. */
  readonly process: string;
  /** The least severe lines that are written. */
  readonly level: string;
  /** Default: standard output. */
  readonly write?: (line: string) => void;
}

/** Lines are written together, up to this much and this late. */
const WRITE_BYTES = 4_096;
const WRITE_AFTER_MS = 100;

/**
 * The log of a process: one JSON object a line, with `time` (ISO 8601, UTC), `level` by name, `process`, `pid` and
 * `msg`; every field is in docs/operations.md. Secrets are replaced (`redactFields`, `redactLine`).
 * Lines are written some 4 KiB or 0.1 s of them together: one write for each costs as much as the rest of a line. A process
 * that is killed (SIGKILL, out of memory) loses those that have not been written; `fatal` and every other end write all of
 * them. The writes are synchronous: one on its way in another thread would be lost by `process.exit`.
 */
export function createLog({ process: name, level, write }: LogOptions): Log {
  const options = {
    level,
    base: { process: name, pid: process.pid },
    timestamp: createClock(),
    formatters: { level: (label: string) => ({ level: label }), log: redactFields },
    // pino's own serializer would add to what has been made plain by then.
    serializers: { err: (described: unknown) => described },
    hooks: { streamWrite: redactLine },
  };
  return pino(options, write ? { write } : standardOutput());
}

/** pino's `isoTime`, which writes the same millisecond out once; under load many lines share one. */
function createClock(): () => string {
  let [ms, text] = [0, ""];
  return () => {
    const now = Date.now();
    if (now !== ms) [ms, text] = [now, `,"time":"${new Date(now).toISOString()}"`];
    return text;
  };
}

function standardOutput(): DestinationStream & { flushSync(): void } {
  const stream = destination({ dest: 1, sync: true, minLength: WRITE_BYTES });
  const flushSync = () => stream.flushSync();
  process.once("exit", flushSync); // pino does so for asynchronous writes alone.
  // sonic-boom's own `periodicFlush` wakes the process ten times a second for nothing while there is no line.
  let isDue = false;
  const flush = () => {
    isDue = false;
    stream.flush();
  };
  return {
    write(line) {
      stream.write(line);
      if (isDue) return;
      isDue = true;
      setTimeout(flush, WRITE_AFTER_MS).unref();
    },
    flushSync,
  };
}

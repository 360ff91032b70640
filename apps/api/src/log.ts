import { type Logger, pino, stdTimeFunctions } from "pino";

/**
 * The process's log: one JSON object a line on stdout. Of errors only name, message, code and stack are written, since
 * ioredis attaches the command, which holds the password where it was AUTH.
 */
export function createLog(level: string): Logger {
  return pino({
    level,
    base: { service: "api", pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    serializers: { err: describeError },
  });
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack, cause } = error;
  const { code } = error as NodeJS.ErrnoException;
  return { name, message, code, stack, ...(cause === undefined ? {} : { cause: describeError(cause) }) };
}

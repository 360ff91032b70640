import { ApiError, ConnectionError, JobFailedError, UnexpectedAnswerError } from "repl-orchestrator-client";
import { UsageError } from "./command.ts";

/** What the process ends with. */
export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3, interrupted: 130 } as const;

/** Answers of something in between that says it does not reach the api. */
const GATEWAY_STATUSES = new Set([502, 504]);

/** The exit code of an error; a name that the api does not take is as wrong as one that this program does not. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof ConnectionError || error instanceof UnexpectedAnswerError) return EXIT.unreachable;
  if (error instanceof ApiError && GATEWAY_STATUSES.has(error.status)) return EXIT.unreachable;
  if (error instanceof ApiError && error.code === "invalid_request") return EXIT.usage;
  return EXIT.failed;
}

/** An error as programs read it. */
export function errorAsJson(error: unknown): object {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ApiError) {
    const { code, status, requestId, errors, details } = error;
    return { code, message, status, requestId, errors, details };
  }
  if (error instanceof JobFailedError) return { code: error.code, message, jobId: error.job.jobId };
  if (error instanceof UsageError) return { code: "usage", message };
  if (error instanceof UnexpectedAnswerError) return { code: "unexpected_answer", message };
  return { code: error instanceof ConnectionError ? "unreachable" : "unexpected", message };
}

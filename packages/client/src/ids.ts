import { ApiError } from "./errors.ts";

/** What the service takes as a job's id; a test compares it with docs/openapi.json. */
export const JOB_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** What the service takes as a repl's id; a test compares it with docs/openapi.json. */
export const REPL_ID = /^[a-z]([a-z0-9-]{0,48}[a-z0-9])?$/;

/**
 * A job's address.
 * @throws ApiError, as the service answers it, where that cannot be a job's id
 */
export function jobPath(jobId: string): string {
  return `jobs/${idOf("jobId", jobId, JOB_ID, "1 to 64 letters, digits, hyphens and underscores")}`;
}

/**
 * A repl's address.
 * @throws ApiError, as the service answers it, where that cannot be a repl's id
 */
export function replPath(replId: string): string {
  const expected = "Lower-case letters, digits and inner hyphens, starting with a letter; at most 50 characters";
  return `repls/${idOf("replId", replId, REPL_ID, expected)}`;
}

/** Judged before it is sent: as a part of an address, ".." leads to another one, and an escaped slash may in a gateway. */
function idOf(field: string, id: string, pattern: RegExp, expected: string): string {
  if (pattern.test(id)) return id;
  const message = `is not valid. Expected: ${expected}`;
  throw new ApiError(`${field} ${message}.`, {
    status: 400,
    code: "invalid_request",
    requestId: null,
    errors: [{ field, message }],
    retryAfterMs: null,
  });
}

import { ApiError } from "../errors.ts";

/** Answers to a client that would wait for changes: too many do so already, in all or of its user. */
const CODES: ReadonlySet<string> = new Set(["too_many_followers", "user_followers"]);

/** Whether only waiting was refused, so that asking without waiting still works. */
export function hasNoSeat(error: unknown): boolean {
  return error instanceof ApiError && CODES.has(error.code);
}

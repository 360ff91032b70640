import { OPS_PROBLEMS, type ProblemKind } from "@repl/ops";

/** Every error that the api answers: code → HTTP status. What the operators' port answers as well is its package's. */
export const PROBLEM_KINDS = {
  invalid_request: { status: 400, title: "The request is not valid." },
  malformed_request: OPS_PROBLEMS.malformed_request,
  unauthorized: { status: 401, title: "A valid token is needed." },
  forbidden: { status: 403, title: "The token does not allow this." },
  forbidden_user: { status: 403, title: "The token does not allow to act for this user." },
  not_found: OPS_PROBLEMS.not_found,
  job_not_found: { status: 404, title: "There is no such job." },
  repl_not_found: { status: 404, title: "There is no such repl." },
  method_not_allowed: OPS_PROBLEMS.method_not_allowed,
  request_timeout: OPS_PROBLEMS.request_timeout,
  repl_taken: { status: 409, title: "The repl belongs to another user." },
  idempotency_in_flight: {
    status: 409,
    title: "The first request with this Idempotency-Key is not answered yet.",
    retryAfterSeconds: 1,
  },
  body_too_large: { status: 413, title: "The body is too large." },
  address_too_long: { status: 414, title: "The address is too long." },
  unsupported_media_type: { status: 415, title: "The body is not plain JSON." },
  idempotency_mismatch: { status: 422, title: "The Idempotency-Key was used for another request." },
  rate_limited: { status: 429, title: "Too many requests.", retryAfterSeconds: 1 },
  user_limit: { status: 429, title: "The user has as many repls as allowed.", retryAfterSeconds: 5 },
  too_many_followers: { status: 429, title: "Too many clients follow jobs at the moment.", retryAfterSeconds: 5 },
  user_followers: {
    status: 429,
    title: "The user waits for as many changes at the same time as allowed.",
    retryAfterSeconds: 5,
  },
  headers_too_large: OPS_PROBLEMS.headers_too_large,
  internal_error: OPS_PROBLEMS.internal_error,
  dependency_unavailable: { status: 503, title: "The service cannot reach its database.", retryAfterSeconds: 1 },
  keys_unavailable: {
    status: 503,
    title: "The identity provider's keys cannot be read at the moment.",
    retryAfterSeconds: 1,
  },
  not_ready: OPS_PROBLEMS.not_ready,
  overloaded: OPS_PROBLEMS.overloaded,
  queue_full: { status: 503, title: "Too many starts are waiting.", retryAfterSeconds: 5 },
  shutting_down: { status: 503, title: "This process is ending; another one answers.", retryAfterSeconds: 1 },
} as const satisfies Record<string, ProblemKind>;

/** A key of {@link PROBLEM_KINDS}. */
export type ProblemCode = keyof typeof PROBLEM_KINDS;

/** The row of a code. */
export function problemKind(code: ProblemCode): ProblemKind {
  return PROBLEM_KINDS[code];
}

import type { FailureCode, Open, ProblemCode } from "./codes.ts";
import type { JobStatus } from "./wire.ts";

/** One thing wrong with one field of a request. */
export interface FieldError {
  /** Such as `replId`. */
  readonly field: string;
  /** Follows the field's name: "must be a string". */
  readonly message: string;
}

/** What an ApiError is made of; without `details` it has none. */
type ApiErrorFacts = Pick<ApiError, "status" | "code" | "requestId" | "errors" | "retryAfterMs"> &
  Partial<Pick<ApiError, "details">>;

/** The service refused a request; `code` says why, for programs. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** HTTP status. */
  readonly status: number;
  /** Such as `invalid_request`, `job_not_found`, `repl_taken`, `queue_full`; `http_<status>` where the answer was not the service's own. */
  readonly code: Open<ProblemCode | `http_${number}`>;
  /** Names the request in the service's log; null where the request was not sent, since it could not be right. */
  readonly requestId: string | null;
  /** One entry for each thing wrong with a field; empty where no field is to blame. */
  readonly errors: readonly FieldError[];
  /** What there is to know besides, such as `limit` and `max` of `user_limit`; empty where there is nothing. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The service asks to wait this long before the next try; null where it says nothing. */
  readonly retryAfterMs: number | null;

  constructor(message: string, { status, code, requestId, errors, details = {}, retryAfterMs }: ApiErrorFacts) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.errors = errors;
    this.details = details;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The service could not be reached, its answer was cut off, or none came in time. `cause` has the original error. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

/** Something answered that is not the service, such as a front end's own server with its page: `baseUrl` leads elsewhere. Asking again changes nothing. */
export class UnexpectedAnswerError extends Error {
  override readonly name = "UnexpectedAnswerError";
}

/** A job that was waited for has failed or was cancelled. */
export class JobFailedError extends Error {
  override readonly name = "JobFailedError";
  readonly job: JobStatus;

  constructor(job: JobStatus) {
    super(job.error?.message ?? job.message);
    this.job = job;
  }

  /** Why, for programs: the job's `error.code`; `cancelled` where nothing of it had failed before. */
  get code(): Open<FailureCode | "cancelled"> {
    return this.job.error?.code ?? this.job.state;
  }
}

/** Refusals of a request that came too slowly, too early or too often. */
const PASSING = new Set([408, 425, 429]);

/**
 * Of what only reads, whether asking again may end another way: the service could not be reached, was in trouble, or had too
 * much to do. What an order came to is judged by its code.
 */
export function mayPass(error: unknown): boolean {
  if (error instanceof ApiError) return PASSING.has(error.status) || error.status >= 500;
  return error instanceof ConnectionError;
}

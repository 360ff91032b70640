import type { JobStatus } from "./wire.ts";

/** One thing wrong with one field of a request. */
export interface FieldError {
  /** Such as `replId`. */
  readonly field: string;
  /** Follows the field's name: "must be a string". */
  readonly message: string;
}

/** The service refused a request; `code` says why, for programs. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** HTTP status. */
  readonly status: number;
  /** Such as `invalid_request`, `job_not_found`, `repl_taken`, `queue_full`; `http_<status>` where the answer was not the service's own. */
  readonly code: string;
  /** Names the request in the service's log. */
  readonly requestId: string | null;
  /** One entry for each thing wrong with a field; empty where no field is to blame. */
  readonly errors: readonly FieldError[];
  /** The service asks to wait this long before the next try; null where it says nothing. */
  readonly retryAfterMs: number | null;

  constructor(message: string, facts: Pick<ApiError, "status" | "code" | "requestId" | "errors" | "retryAfterMs">) {
    super(message);
    this.status = facts.status;
    this.code = facts.code;
    this.requestId = facts.requestId;
    this.errors = facts.errors;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** The service could not be reached, its answer was cut off, or none came in time. `cause` has the original error. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

/** A job that was waited for has failed or was cancelled. */
export class JobFailedError extends Error {
  override readonly name = "JobFailedError";
  readonly job: JobStatus;

  constructor(job: JobStatus) {
    super(job.error?.message ?? job.message);
    this.job = job;
  }

  /** Why, for programs: the job's `error.code`. */
  get code(): string {
    return this.job.error?.code ?? this.job.state;
  }
}

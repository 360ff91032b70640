import { problemBody, problemHeaders } from "@repl/ops";
import { type ProblemCode, problemKind } from "./problem-kinds.ts";
import type { ProblemBody } from "./problem-schema.ts";

/** One thing wrong with one field of a request. */
export interface FieldProblem {
  /** Path of the field with dots between its parts, or the part of the request: body, query. */
  readonly field: string;
  /** Follows the field's name: "must be a string". */
  readonly message: string;
}

interface ProblemOptions {
  /** For the reader, as a sentence; made from `errors` when left out. */
  readonly detail?: string;
  readonly errors?: readonly FieldProblem[];
  /** Sent beside the headers of every problem. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the body (RFC 9457 3.2). */
  readonly members?: Readonly<Record<string, unknown>>;
  /** The original error; it goes to the log, never to a client. */
  readonly cause?: unknown;
}

/** An answer other than success, thrown by whoever finds it; the error plugin sends it as RFC 9457 says. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? problemKind(code).title, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.options = options;
  }

  get status(): number {
    return problemKind(this.code).status;
  }

  get headers(): Record<string, string> {
    return { ...problemHeaders(problemKind(this.code)), ...this.options.headers };
  }

  /** The body that clients see. */
  toBody(requestId: string): ProblemBody {
    const { errors, members } = this.options;
    const detail = this.options.detail ?? errors?.map(({ field, message }) => `${field} ${message}.`).join(" ");
    return problemBody(this.code, problemKind(this.code), requestId, {
      detail,
      members: { ...(errors === undefined ? {} : { errors }), ...members },
    });
  }
}

import type { FastifyReply } from "fastify";

/** One kind of error that a port answers. */
export interface ProblemKind {
  /** HTTP status. */
  readonly status: number;
  /** Short and the same each time; the particulars are the problem's `detail`. */
  readonly title: string;
  /** Seconds after which a client may try again; sent as Retry-After. */
  readonly retryAfterSeconds?: number;
}

/** Every error of the operators' port: code → status and title. The public port answers some of them as well. */
export const OPS_PROBLEMS = {
  malformed_request: { status: 400, title: "The request is not valid HTTP." },
  not_found: { status: 404, title: "There is nothing at this address." },
  method_not_allowed: { status: 405, title: "This address does not take this method." },
  request_timeout: { status: 408, title: "The request did not arrive in time." },
  headers_too_large: { status: 431, title: "The headers are too large." },
  internal_error: { status: 500, title: "An unexpected error occurred." },
  overloaded: { status: 503, title: "The service has too much to do at the moment.", retryAfterSeconds: 2 },
  not_ready: { status: 503, title: "The service is not ready.", retryAfterSeconds: 1 },
} as const satisfies Record<string, ProblemKind>;

/** A key of {@link OPS_PROBLEMS}. */
export type OpsProblemCode = keyof typeof OPS_PROBLEMS;

/** Of a problem's body (RFC 9457); it has no parameter. */
export const PROBLEM_MEDIA_TYPE = "application/problem+json";

interface ProblemMore {
  readonly detail?: string;
  readonly headers?: Record<string, string>;
  readonly members?: Record<string, unknown>;
}

/** A problem's body, as clients see it. */
export function problemBody(code: OpsProblemCode, requestId: string, { detail, members }: ProblemMore = {}) {
  const { status, title }: ProblemKind = OPS_PROBLEMS[code];
  const type = `urn:problem-type:repl-orchestrator:${code}`;
  return { type, title, status, code, requestId, ...(detail === undefined ? {} : { detail }), ...members };
}

/** What each answer with that problem says in its headers. */
export function problemHeaders(code: OpsProblemCode, requestId: string): Record<string, string> {
  const { retryAfterSeconds }: ProblemKind = OPS_PROBLEMS[code];
  return {
    "cache-control": "no-store",
    "x-request-id": requestId,
    ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
  };
}

/** Answers a problem (RFC 9457); as bytes, since Fastify would give a text a charset, which the media type does not have. */
export function sendProblem(reply: FastifyReply, code: OpsProblemCode, more: ProblemMore = {}): FastifyReply {
  const { id } = reply.request;
  const body = problemBody(code, id, more);
  return reply
    .code(body.status)
    .headers({ ...problemHeaders(code, id), ...more.headers })
    .type(PROBLEM_MEDIA_TYPE)
    .send(Buffer.from(JSON.stringify(body)));
}

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
  readonly detail?: string | undefined;
  /** Further members of the body (RFC 9457 3.2). */
  readonly members?: Readonly<Record<string, unknown>> | undefined;
}

/** A problem's body, as clients see it, on whichever port. */
export function problemBody(code: string, kind: ProblemKind, requestId: string, { detail, members }: ProblemMore = {}) {
  const { status, title } = kind;
  const type = `urn:problem-type:repl-orchestrator:${code}`;
  return { type, title, status, code, requestId, ...(detail === undefined ? {} : { detail }), ...members };
}

/** What each answer with a problem of that kind says in its headers; `x-request-id` comes in addition. */
export function problemHeaders({ retryAfterSeconds }: ProblemKind): Record<string, string> {
  return {
    "cache-control": "no-store",
    ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
  };
}

/** Sends a problem's body as bytes, since Fastify would give a text a charset, which the media type does not have. */
export function writeProblem(
  reply: FastifyReply,
  body: ReturnType<typeof problemBody>,
  headers: Readonly<Record<string, string>>,
): FastifyReply {
  return reply
    .code(body.status)
    .headers({ ...headers, "x-request-id": body.requestId })
    .type(PROBLEM_MEDIA_TYPE)
    .send(Buffer.from(JSON.stringify(body)));
}

/** Answers a problem of the operators' port (RFC 9457). */
export function answerProblem(
  reply: FastifyReply,
  code: OpsProblemCode,
  { headers, ...more }: ProblemMore & { readonly headers?: Readonly<Record<string, string>> } = {},
): FastifyReply {
  const kind = OPS_PROBLEMS[code];
  const body = problemBody(code, kind, reply.request.id, more);
  return writeProblem(reply, body, { ...problemHeaders(kind), ...headers });
}

import type { FastifyReply } from "fastify";

/** Every error of the operators' port: code → status and title. */
const PROBLEMS = {
  malformed_request: { status: 400, title: "The request is not valid HTTP." },
  not_found: { status: 404, title: "There is nothing at this address." },
  method_not_allowed: { status: 405, title: "This address does not take this method." },
  internal_error: { status: 500, title: "An unexpected error occurred." },
  not_ready: { status: 503, title: "The service is not ready." },
} as const;

interface ProblemMore {
  readonly detail?: string;
  readonly headers?: Record<string, string>;
  readonly members?: Record<string, unknown>;
}

/** Answers a problem (RFC 9457); as bytes, since Fastify would give a text a charset, which the media type does not have. */
export function sendProblem(reply: FastifyReply, code: keyof typeof PROBLEMS, more: ProblemMore = {}): FastifyReply {
  const { status, title } = PROBLEMS[code];
  const { detail, headers = {}, members } = more;
  const requestId = reply.request.id;
  const type = `urn:problem-type:repl-orchestrator:${code}`;
  const body = { type, title, status, code, requestId, ...(detail === undefined ? {} : { detail }), ...members };
  return reply
    .code(status)
    .headers({ "cache-control": "no-store", "x-request-id": requestId, ...headers })
    .type("application/problem+json")
    .send(Buffer.from(JSON.stringify(body)));
}

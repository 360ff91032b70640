import type { TraceCarrier, Tracer } from "@repl/ops";
import type { App, FastifyRequest } from "../app-types.ts";
import type { AnswerListener } from "./after-answer.ts";

/** Methods that OpenTelemetry's semantic conventions know; any other is `_OTHER`, so that clients cannot invent names. */
const KNOWN_METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]);

/**
 * Gives every request a span, below the caller's where its `traceparent` says so, named by the route's pattern.
 * OpenTelemetry's conventions for HTTP servers, less what clients choose freely and what says who they are: the address
 * itself, its query, the client's address and its software. The ids in the address are told apart by checked ones.
 */
export function traceRequests(app: App, tracer: Tracer): AnswerListener {
  app.decorateRequest("span");
  app.addHook("onRequest", (request, _reply, done) => {
    request.span = tracer.start(nameOf(request), {
      kind: "server",
      parent: carrierOf(request),
      attributes: attributesOf(request),
    });
    const { traceId } = request.span;
    if (traceId !== undefined) request.log = request.log.child({ traceId });
    done();
  });
  return ({ span, facts }, _reply, { status, aborted }) => {
    span.set({
      "http.response.status_code": status,
      "repl.aborted": aborted || undefined,
      "job.id": facts.jobId,
      "repl.id": facts.replId,
    });
    if (status >= 500) span.fail(facts.problem ?? String(status));
    span.end();
  };
}

function nameOf({ method, routeOptions }: FastifyRequest): string {
  const name = KNOWN_METHODS.has(method) ? method : "HTTP";
  return routeOptions.url === undefined ? name : `${name} ${routeOptions.url}`;
}

function attributesOf({ method, routeOptions, protocol, raw }: FastifyRequest) {
  return {
    "http.request.method": KNOWN_METHODS.has(method) ? method : "_OTHER",
    "http.route": routeOptions.url,
    "url.scheme": protocol,
    "network.protocol.version": raw.httpVersion,
  };
}

function carrierOf({ headers }: FastifyRequest): TraceCarrier {
  const { traceparent, tracestate } = headers;
  return {
    ...(typeof traceparent === "string" ? { traceparent } : {}),
    ...(typeof tracestate === "string" ? { tracestate } : {}),
  };
}

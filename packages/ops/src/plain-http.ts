import { randomUUID } from "node:crypto";
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Attention } from "./attention.ts";
import { OPS_PROBLEMS, type OpsProblemCode, PROBLEM_MEDIA_TYPE, problemBody, problemHeaders } from "./problem.ts";

const CODES: Record<string, OpsProblemCode> = {
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
  HPE_HEADER_OVERFLOW: "headers_too_large",
};

/**
 * Builds the answer to what never became a request: no valid HTTP, headers too large or too slow. The connection is
 * closed after it, and without it where another answer has begun. A request counts as too slow by the time at which it
 * was read, which is the client's fault only where this process was there to read it: bytes that lie in the socket while
 * it gets no processor are late too. For Fastify's `clientErrorHandler`.
 * @param patienceMs longest that a request may take to arrive.
 */
export function clientErrorAnswers(attention: Attention, patienceMs: number) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === "ECONNRESET" || socket.destroyed) return;
    if (!socket.writable || hasAnswerBegun(socket)) {
      socket.destroy(error);
      return;
    }
    const code = CODES[error.code ?? ""] ?? "malformed_request";
    const isOurs = code === "request_timeout" && attention.wasAway(patienceMs);
    endWithProblem(socket, isOurs ? "overloaded" : code);
  };
}

/**
 * Whether an answer is being sent on the connection, into which nothing else may be written: what follows its head is
 * its body. Node's own handler looks at the same field (lib/_http_server.js, socketOnError), which has no public name.
 */
function hasAnswerBegun(socket: Socket & { readonly _httpMessage?: ServerResponse | null }): boolean {
  return socket._httpMessage?.headersSent === true;
}

/**
 * Takes over the two answers that Node would give without a problem's body: to CONNECT, which no route ever sees, and
 * to an `Expect` other than 100-continue, which may be ignored (RFC 9110 10.1.1).
 */
export function replaceNodeAnswers(server: Server): void {
  server.on("connect", (_request, socket) => {
    socket.on("error", () => socket.destroy()); // Node has let go of this one: nobody else listens.
    endWithProblem(socket as Socket, "method_not_allowed", { allow: "" });
  });
  server.on("checkExpectation", (request, response) => server.emit("request", request, response));
}

/** Host, port and nothing else (RFC 9110 7.2, RFC 3986 3.2.2); it may be empty. */
const HOST = /^[\w.~%!$&'()*+,;=:[\]-]*$/;

/** What a request without exactly one valid Host header is told. */
export const HOST_NEEDED = "Exactly one valid Host header is needed.";

/** All values of a header as they were sent, by its name in lower case; of some Node keeps the first alone. */
export function sentValues({ rawHeaders }: Pick<IncomingMessage, "rawHeaders">, name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? "");
  }
  return values;
}

/**
 * Whether a request has exactly one valid Host header, as RFC 9112 3.2 demands of it; HTTP/1.0 has none. Node itself
 * (`requireHostHeader`) would answer without a body, and take the first of two.
 */
export function hasValidHost(request: IncomingMessage): boolean {
  const hosts = sentValues(request, "host");
  return hosts.length === 1 ? HOST.test(hosts[0] ?? "") : hosts.length === 0 && request.httpVersion === "1.0";
}

/** Writes a problem to a connection on which no request is handled, and ends it. */
function endWithProblem(socket: Socket, code: OpsProblemCode, more: Readonly<Record<string, string>> = {}): void {
  const kind = OPS_PROBLEMS[code];
  const problem = problemBody(code, kind, randomUUID());
  const body = JSON.stringify(problem);
  const headers = {
    ...problemHeaders(kind),
    "x-request-id": problem.requestId,
    ...more,
    "content-type": PROBLEM_MEDIA_TYPE,
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`, ...lines, "", body].join("\r\n"), () =>
    socket.destroy(),
  );
}

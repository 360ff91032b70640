import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { Problem } from "./problem.ts";
import type { ProblemCode } from "./problem-kinds.ts";
import { PROBLEM_MEDIA_TYPE } from "./problem-schema.ts";

const CODES: Record<string, ProblemCode> = {
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
  HPE_HEADER_OVERFLOW: "headers_too_large",
};

/**
 * Answers what never became a request: no valid HTTP, headers too large or too slow. Node closes the connection after
 * it. A request without a Host header is the exception: Node answers 400 with no body by itself.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy(error);
    return;
  }
  const problem = new Problem(CODES[error.code ?? ""] ?? "malformed_request");
  const requestId = randomUUID();
  const body = JSON.stringify(problem.toBody(requestId));
  const headers = {
    ...problem.headers,
    "content-type": PROBLEM_MEDIA_TYPE,
    "content-length": String(Buffer.byteLength(body)),
    "x-request-id": requestId,
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`, ...lines, "", body].join("\r\n"), () =>
    socket.destroy(),
  );
}

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { badRequest, tooLarge, unsupportedMediaType } from "../errors/errors.ts";

/** The same for HTTP/1.1 and HTTP/2 (node's compatibility API). */
export type IncomingRequest = IncomingMessage | Http2ServerRequest;
export type OutgoingResponse = ServerResponse | Http2ServerResponse;

/** A request read in full. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly accept: string;
  readonly contentType: string;
  readonly userAgent: string;
  readonly authorization: string;
  readonly body: string;
}

/** A complete answer. A string body is sent as it is, anything else as JSON. */
export interface Answer {
  readonly code: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body: unknown;
}

/** kube-apiserver's own limit for request bodies, bytes. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

const header = (request: IncomingRequest, name: string): string => String(request.headers[name] ?? "");

async function readBody(request: IncomingRequest): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes <= MAX_BODY_BYTES) parts.push(part);
  }
  if (bytes > MAX_BODY_BYTES) throw tooLarge(MAX_BODY_BYTES);
  return Buffer.concat(parts).toString("utf8");
}

/** `curl/8` → `curl`: what the server takes as field manager when none is named. */
export const managerOf = (request: ApiRequest): string =>
  request.query.get("fieldManager") || (request.userAgent.split("/")[0] ?? "").slice(0, 128) || "unknown";

/** The request line and headers alone, for what must be decided before the body is read. */
export function readHead(incoming: IncomingRequest): ApiRequest {
  const url = URL.parse(incoming.url ?? "/", "http://simulator");
  if (url === null) throw badRequest("the request URL cannot be read");
  return {
    method: incoming.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    accept: header(incoming, "accept"),
    contentType: header(incoming, "content-type").split(";")[0]?.trim() ?? "",
    userAgent: header(incoming, "user-agent"),
    authorization: header(incoming, "authorization"),
    body: "",
  };
}

/** Bodies that are no JSON. A 415 makes client-go send JSON from then on. */
const UNREADABLE = ["application/vnd.kubernetes.protobuf", "application/cbor", "application/yaml"];

/** @throws ApiError 413 for a body beyond the limit, 415 for one that is no JSON. */
export async function readWithBody(incoming: IncomingRequest, head: ApiRequest): Promise<ApiRequest> {
  const body = await readBody(incoming);
  if (body !== "" && UNREADABLE.includes(head.contentType)) throw unsupportedMediaType();
  return { ...head, body };
}

/** Writes an answer unless the peer has gone. */
export function writeAnswer(response: OutgoingResponse, answer: Answer): void {
  if (response.destroyed || response.headersSent) return;
  const text = typeof answer.body === "string" ? answer.body : `${JSON.stringify(answer.body)}\n`;
  const plain = typeof answer.body === "string";
  const outgoing = response as ServerResponse;
  outgoing.writeHead(answer.code, {
    "content-type": plain ? "text/plain; charset=utf-8" : "application/json",
    ...answer.headers,
    "content-length": String(Buffer.byteLength(text)),
  });
  outgoing.end(text);
}

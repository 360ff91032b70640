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

/** Whoever asks, and the way to them: a connection over HTTP, or a caller in this process. */
export interface Peer {
  /** The whole body. @throws ApiError 413 for a body beyond the limit */
  body(): Promise<string>;
  /** Ends the connection without an answer. */
  cut(): void;
  /** Begins an answer of many lines, with status 200. */
  stream(): PeerStream;
}

/** An answer that goes on until one side ends it. */
interface PeerStream {
  write(text: string): void;
  end(): void;
  /** Calls back once the peer is gone, whoever ended it. */
  onClose(listener: () => void): void;
}

/** A complete answer. A string body is sent as it is, anything else as JSON. */
export interface Answer {
  readonly code: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body: unknown;
}

/** kube-apiserver's own limit for request bodies, bytes. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** A request's target and headers; what a call in this process has of a request, too. */
export interface RequestHead {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

const header = (request: RequestHead, name: string): string => String(request.headers[name] ?? "");

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
export function readHead(incoming: RequestHead): ApiRequest {
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
export async function readWithBody(peer: Peer, head: ApiRequest): Promise<ApiRequest> {
  const body = await peer.body();
  if (body !== "" && UNREADABLE.includes(head.contentType)) throw unsupportedMediaType();
  return { ...head, body };
}

/** The peer at the other end of an HTTP request. */
export function httpPeer(incoming: IncomingRequest, response: OutgoingResponse): Peer {
  const cut = () => cutConnection(incoming, response);
  return {
    body: () => readBody(incoming),
    cut,
    stream() {
      const outgoing = response as ServerResponse;
      outgoing.writeHead(200, { "content-type": "application/json" });
      outgoing.flushHeaders();
      return {
        write: (text) => {
          if (!outgoing.destroyed && !outgoing.writableEnded) outgoing.write(text);
        },
        end: () => outgoing.end(),
        onClose: (listener) => response.on("close", listener),
      };
    },
  };
}

/** Resets an HTTP/2 stream or cuts an HTTP/1.1 connection. */
function cutConnection(request: IncomingRequest, response: OutgoingResponse): void {
  if ("stream" in response && response.stream !== undefined) response.stream.close(2);
  else request.socket.destroy();
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

import { createServer as createPlainServer, type IncomingMessage } from "node:http";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server, Socket } from "node:net";
import { type Authority, createAuthority, type Issued } from "@repl/testkit";

/** A request as a script sees it, over either protocol. */
type Request = (Http2ServerRequest | IncomingMessage) & { text: string };
/** The part that both protocols share. */
export interface Response {
  writeHead(status: number, headers?: Record<string, string>): unknown;
  write(chunk: string | Uint8Array): boolean;
  end(chunk?: string): unknown;
  destroy(error?: Error): unknown;
  on(event: "error", listener: () => void): unknown;
  once(event: "close", listener: () => void): unknown;
  /** Only over HTTP/2. */
  stream?: ServerHttp2Stream;
  /** Only over HTTP/1.1. */
  socket?: Socket | null;
}
export type Script = (request: Request, response: Response) => void;

/** What a test server saw. */
interface Seen {
  method: string;
  url: string;
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A scripted API server on loopback. */
export interface ApiServer {
  url: string;
  port: number;
  authority: Authority;
  /** Replaceable while it runs. */
  script: Script;
  requests: Seen[];
  /** TCP (and TLS) connections accepted so far, and those open now. */
  accepted: number;
  sockets: Set<Socket>;
  sessions: Set<ServerHttp2Session>;
  /** Answers that have begun and not ended: the streams a client holds. */
  openAnswers: number;
  close(): Promise<void>;
}

interface Options {
  /** `h2` over TLS, `h1` over TLS alone, or `http`. */
  protocol?: "h2" | "h1" | "http";
  authority?: Authority;
  certificate?: Issued;
  maxConcurrentStreams?: number;
  port?: number;
  /** Called with each HTTP/2 connection, before anything is read from it. */
  onSession?: (session: ServerHttp2Session) => unknown;
}

export async function startApiServer(script: Script, options: Options = {}): Promise<ApiServer> {
  const authority = options.authority ?? createAuthority("test authority");
  const certificate = options.certificate ?? authority.issue("server");
  const { protocol = "h2" } = options;
  const listener = (request: Http2ServerRequest | IncomingMessage, response: Response) => {
    void handle(state, request, response);
  };
  const server = listen(options, certificate, listener);
  const state: ApiServer = {
    url: "",
    port: 0,
    authority,
    script,
    requests: [],
    accepted: 0,
    sockets: new Set(),
    sessions: new Set(),
    openAnswers: 0,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const session of state.sessions) session.destroy();
      for (const socket of state.sockets) socket.destroy();
      await closed;
    },
  };
  server.on("connection", (socket: Socket) => {
    state.accepted++;
    state.sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => state.sockets.delete(socket));
  });
  server.on("session", (session: ServerHttp2Session) => {
    state.sessions.add(session);
    options.onSession?.(session);
    session.on("error", () => {});
    session.on("close", () => state.sessions.delete(session));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  state.port = (server.address() as AddressInfo).port;
  state.url = `${protocol === "http" ? "http" : "https"}://127.0.0.1:${state.port}`;
  return state;
}

function listen(options: Options, certificate: Issued, listener: Listener): Server {
  if (options.protocol === "http") return createPlainServer(listener);
  if (options.protocol === "h1") return createTlsServer(certificate, listener);
  const { maxConcurrentStreams } = options;
  const settings = maxConcurrentStreams === undefined ? {} : { settings: { maxConcurrentStreams } };
  const server: Http2SecureServer = createSecureServer({ ...certificate, ...settings });
  return server.on("request", listener as Parameters<Http2SecureServer["on"]>[1]);
}

type Listener = (request: Http2ServerRequest | IncomingMessage, response: Response) => void;

async function handle(state: ApiServer, request: Http2ServerRequest | IncomingMessage, response: Response) {
  state.openAnswers++;
  response.once("close", () => state.openAnswers--);
  request.on("error", () => {});
  response.on("error", () => {});
  let text = "";
  try {
    for await (const chunk of request) text += chunk;
  } catch {
    return;
  }
  const url = request.url ?? "/";
  const { pathname, searchParams } = new URL(url, "http://server");
  const { method = "GET", headers } = request;
  state.requests.push({ method, url, path: pathname, query: searchParams, headers, body: text });
  state.script(Object.assign(request, { text }), response);
}

/** Answers JSON. */
export function answer(response: Response, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** Answers text/plain. */
export function answerText(response: Response, status: number, body: string, headers: Record<string, string> = {}) {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", ...headers });
  response.end(body);
}

/** A metav1.Status as kube-apiserver writes it. */
export function status(code: number, reason: string, message: string, details: object = {}) {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, details, code };
}

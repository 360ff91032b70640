import { once } from "node:events";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { createServer } from "node:http";
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo, Server, Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { EarlierReads } from "./earlier-reads.ts";
import type { HttpCall, HttpFault, HttpOutcome } from "./http-call.ts";
import { createUpstream, type Upstream } from "./upstream.ts";

/** Where the fault layer leads to, and how it looks. */
export interface HttpFaultsOptions {
  /** `http://` or `https://` with host and port. */
  readonly target: string;
  /** PEM of the target's authority. */
  readonly targetCa?: string;
  /** Served by HTTP/2 and HTTP/1.1 over TLS with this certificate, PEM; without it by HTTP/1.1 alone. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Told of each request that has been answered, refused or lost. */
  readonly onCall?: (call: HttpCall, outcome: HttpOutcome) => void;
}

/** An HTTP proxy on 127.0.0.1 that can go wrong in the ways API servers do. */
export interface HttpFaults extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Watches that are open now. */
  readonly watches: number;
  /** Requests so far: the number of the latest one. */
  readonly calls: number;
  /** Decides what happens to each request before it is passed on. A promise holds the request until it settles. */
  judge(look: ((call: HttpCall) => HttpFault | undefined | Promise<HttpFault | undefined>) | undefined): void;
  /** Ends all watches; new ones are served. */
  cutWatches(): void;
  /** Watches stay open and say nothing, until `heal()`. What is missed is delivered then. */
  freezeWatches(): void;
  /** Ends all connections; new ones are accepted. */
  cut(): void;
  /** New connections are refused (ECONNREFUSED) and open ones are ended. */
  refuse(): void;
  /** Sound again: nothing is judged, held or frozen, and it listens on the same port. */
  heal(): Promise<void>;
  /** Ends everything. May be called twice. */
  stop(): Promise<void>;
}

type Request = IncomingMessage | Http2ServerRequest;
/** What HTTP/1.1's and HTTP/2's answers have in common, whose overloads do not fit each other. */
type Response = Pick<ServerResponse, "on" | "socket"> & {
  readonly stream?: Http2ServerResponse["stream"];
  writeHead(status: number, headers: OutgoingHttpHeaders): unknown;
  flushHeaders?(): void;
  write(chunk: Buffer): boolean;
  end(body?: Buffer | string): unknown;
};
type Judge = Parameters<HttpFaults["judge"]>[0];

/** Headers that are about one connection (RFC 9110, 7.6.1), and what HTTP/2 has in their place. */
const CONNECTION_HEADERS =
  /^(:.*|connection|keep-alive|proxy-connection|transfer-encoding|upgrade|te|host|http2-settings)$/;

/**
 * Starts a fault layer in front of an API server.
 * @throws Error when it cannot listen. A target that is not there is answered 502.
 */
export async function startHttpFaults(options: HttpFaultsOptions): Promise<HttpFaults> {
  const layer = new Layer(options);
  await layer.listen(0);
  return layer;
}

class Layer implements HttpFaults {
  readonly #server: Server;
  readonly #upstream: Upstream;
  readonly #options: HttpFaultsOptions;
  readonly #sockets = new Set<Socket>();
  readonly #watching = new Map<Response, IncomingMessage>();
  readonly #reads = new EarlierReads();
  #look: Judge;
  #healed = Promise.withResolvers<void>();
  #frozen = false;
  #calls = 0;
  port = 0;

  constructor(options: HttpFaultsOptions) {
    this.#options = options;
    this.#upstream = createUpstream(options.target, options.targetCa);
    const { tls } = options;
    const serve = (request: Request, response: ServerResponse | Http2ServerResponse) =>
      void this.#serve(request, response as Response);
    this.#server = tls === undefined ? createServer(serve) : createSecureServer({ ...tls, allowHTTP1: true }, serve);
    // Below TLS, so that a handshake that breaks off counts as well. Whoever resets a connection knows why.
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("secureConnection", (socket: Socket) => void socket.on("error", () => {}));
    this.#server.on("session", (session: ServerHttp2Session) => void session.on("error", () => {}));
    this.#server.on("sessionError", () => {});
    this.#server.on("tlsClientError", () => {});
  }

  get url(): string {
    return `${this.#options.tls === undefined ? "http" : "https"}://127.0.0.1:${this.port}`;
  }

  get watches(): number {
    return this.#watching.size;
  }

  get calls(): number {
    return this.#calls;
  }

  async listen(port: number): Promise<void> {
    this.#server.listen({ host: "127.0.0.1", port });
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
  }

  judge(look: Judge): void {
    this.#look = look;
  }

  cutWatches(): void {
    for (const response of this.#watching.keys()) end(response);
  }

  freezeWatches(): void {
    this.#frozen = true;
    for (const answer of this.#watching.values()) answer.pause();
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  refuse(): void {
    if (this.#server.listening) this.#server.close(); // Its callback waits for the connections.
    this.cut();
  }

  async heal(): Promise<void> {
    this.#look = undefined;
    this.#frozen = false;
    this.#healed.resolve();
    this.#healed = Promise.withResolvers();
    for (const answer of this.#watching.values()) answer.resume();
    if (!this.#server.listening) await this.listen(this.port);
  }

  async stop(): Promise<void> {
    this.refuse();
    this.#healed.resolve();
    this.#upstream.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #serve(request: Request, response: Response): Promise<void> {
    for (const end of [request, response]) end.on("error", () => {});
    try {
      const call = await this.#read(request);
      await this.#handle(call, response);
    } catch {
      // The caller has gone, or whoever judges has failed. Other requests on the connection have nothing to do with the former.
      if (!isGone(response)) cutOff(response);
    }
  }

  async #read(request: Request): Promise<HttpCall> {
    this.#calls += 1;
    const number = this.#calls;
    const path = request.url ?? "/";
    const headers = Object.fromEntries(
      Object.entries(request.headers).flatMap(([name, value]) =>
        value === undefined || CONNECTION_HEADERS.test(name) ? [] : [[name, value]],
      ),
    );
    const body = await buffer(request);
    return { number, method: request.method ?? "GET", path, headers, body, isWatch: /[?&]watch=(true|1)/.test(path) };
  }

  async #handle(call: HttpCall, response: Response): Promise<void> {
    const healed = this.#healed.promise;
    const fault = await this.#look?.(call);
    if (fault?.kind === "cut") return this.#lost(call, response);
    if (fault?.kind === "answer") return this.#refuse(call, fault, response);
    if (fault?.kind === "replay" && call.method === "GET" && this.#replay(call, fault, response)) return;
    if (fault?.kind === "delay") await Promise.race([pause(fault.delayMs), healed]);
    if (fault?.kind === "hold") await healed;
    // A server that wakes up finds the request and its withdrawal at once.
    if (fault?.kind === "hold" && isGone(response)) return this.#lost(call, response);
    await this.#passOn(call, response, fault?.kind === "lose-reply" ? fault : undefined);
  }

  async #passOn(
    call: HttpCall,
    response: Response,
    lost: Extract<HttpFault, { kind: "lose-reply" }> | undefined,
  ): Promise<void> {
    const answer = await this.#upstream.send(call).catch(() => undefined);
    if (answer === undefined)
      return this.#refuse(call, { kind: "answer", status: 502, body: "bad gateway\n" }, response);
    const { statusCode: status = 0, headers } = answer;
    if (lost !== undefined) {
      await buffer(answer); // It has been executed once the answer is whole.
      this.#options.onCall?.(call, { status, headers, answered: false });
      await lost.executed?.();
      return cutOff(response);
    }
    response.writeHead(status, withoutConnection(headers));
    if (call.isWatch) return this.#watch(answer, response);
    const body = await buffer(answer);
    if (call.method === "GET") this.#reads.add({ number: call.number, path: call.path, status, headers, body });
    // Recorded before the caller can act on it.
    this.#options.onCall?.(call, { status, headers, answered: true });
    response.end(body);
  }

  /** False where nothing was read before. */
  #replay(call: HttpCall, fault: Extract<HttpFault, { kind: "replay" }>, response: Response): boolean {
    const earlier = this.#reads.between(call.path, fault.after ?? 0, fault.before ?? call.number);
    if (earlier === undefined) return false;
    const { status, headers, body } = earlier;
    this.#options.onCall?.(call, { status, headers, answered: true });
    response.writeHead(status, withoutConnection(headers));
    response.end(body);
    return true;
  }

  #watch(answer: IncomingMessage, response: Response): void {
    this.#watching.set(response, answer);
    answer.on("data", (chunk: Buffer) => response.write(chunk));
    answer.on("end", () => response.end());
    answer.on("error", () => end(response));
    response.on("close", () => {
      this.#watching.delete(response);
      answer.destroy();
    });
    if (this.#frozen) answer.pause();
    else response.flushHeaders?.();
  }

  #lost(call: HttpCall, response: Response): void {
    this.#options.onCall?.(call, { status: 0, headers: {}, answered: false });
    if (!isGone(response)) cutOff(response);
  }

  #refuse(call: HttpCall, fault: Extract<HttpFault, { kind: "answer" }>, response: Response): void {
    const { status, body = "" } = fault;
    const isText = typeof body === "string";
    const headers = { "content-type": isText ? "text/plain" : "application/json", ...fault.headers };
    this.#options.onCall?.(call, { status, headers, answered: true });
    response.writeHead(status, headers);
    response.end(isText ? body : JSON.stringify(body));
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms).unref());

function withoutConnection(headers: IncomingMessage["headers"]) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CONNECTION_HEADERS.test(name)));
}

/** Ends one answer in order, in the middle of it. */
function end(response: Response): void {
  response.end();
}

/** Whether the caller has given this request up. */
function isGone(response: Response): boolean {
  return response.stream?.destroyed ?? response.socket?.destroyed ?? true;
}

/** Ends the connection that the request came over. */
function cutOff(response: Response): void {
  const session = response.stream?.session;
  if (session != null) session.destroy();
  else response.socket?.destroy();
}

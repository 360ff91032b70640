import type { Dispatcher } from "undici";
import type { Sent } from "../errors/error-class.ts";

/** One request, ready for the wire. */
export interface Exchange {
  origin: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  body?: string | undefined;
  /** Until the last byte of the answer. */
  timeoutMs: number;
  /** Keeps a request with a body from being sent, but does not interrupt it: see `exchange`. */
  signal?: AbortSignal | undefined;
}

/** One complete answer, whatever its status. */
export interface Answer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

/** No complete answer came. */
export class ExchangeFailure extends Error {
  override readonly name = "ExchangeFailure";
  readonly sent: Sent;
  /** The network's, TLS's or undici's code; `CALL_TIMEOUT` or `BROKEN_ANSWER` are ours. */
  readonly code: string;
  /** Known when the answer broke off after its headers. */
  readonly status: number | undefined;

  constructor(sent: Sent, code: string, cause: Error, status?: number) {
    super(cause.message, { cause });
    this.sent = sent;
    this.code = code;
    this.status = status;
  }
}

/**
 * Of a call's time, the part in which headers must have come. undici then asks the peer with an HTTP/2 PING whether it
 * is alive, and leaves a dead connection; our own timer alone would leave the next calls on it.
 */
const HEADERS_SHARE = 0.85;

/**
 * Sends a request and collects the answer. Written against undici's dispatch and not its `request`, because only
 * here can be told whether a request was ever written to a connection.
 *
 * A request with a body is not interrupted by its signal once it was sent. The server may execute it anyway, so whoever
 * goes on had better know how it ended. And it would hang the process: undici 8.12 destroys the stream at once, and
 * node:http2 (26.10) then packs empty DATA frames for ever where the body had not left yet.
 * @throws {ExchangeFailure}, or the signal's reason
 */
export function exchange(dispatcher: Dispatcher, request: Exchange): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const state = new ExchangeState(request, resolve, reject);
    if (state.settled) return;
    dispatcher.dispatch(
      {
        origin: request.origin,
        method: request.method,
        path: request.path,
        headers: request.headers,
        body: request.body ?? null,
        headersTimeout: Math.ceil(request.timeoutMs * HEADERS_SHARE),
        bodyTimeout: request.timeoutMs,
      },
      state,
    );
  });
}

/** undici's side of an exchange; settles its promise once and is deaf from then on. */
class ExchangeState implements Dispatcher.DispatchHandler {
  settled = false;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  /** Sticky: what was written once may have been executed, unless the error says otherwise. */
  #written = false;
  #status: number | undefined;
  #headers: Answer["headers"] = {};

  constructor(request: Exchange, resolve: (answer: Answer) => void, reject: (reason: unknown) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = request.signal;
    this.#timer = setTimeout(() => this.#timeOut(request), request.timeoutMs);
    if (request.body === undefined) this.#signal?.addEventListener("abort", this.#abort);
    if (this.#signal?.aborted) this.#abort();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.settled) controller.abort(new Error("no longer wanted"));
  }

  /** undici: the request is written. `onRequestStart` says less: a connection found dead at that moment is left for another. */
  onRequestSent(): void {
    this.#written = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Answer["headers"]): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.settled) this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.settled || this.#status === undefined) return;
    this.#settle();
    const body = Buffer.concat(this.#chunks).toString("utf8");
    this.#resolve({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#fail(codeOf(error), error);
  }

  #timeOut(request: Exchange): void {
    const error = new Error(`no complete answer in ${request.timeoutMs} ms`);
    this.#fail("CALL_TIMEOUT", error);
    this.#controller?.abort(error);
  }

  readonly #abort = (): void => {
    if (this.settled) return;
    this.#settle();
    this.#reject(this.#signal?.reason);
    this.#controller?.abort(new Error("aborted by the caller"));
  };

  #fail(code: string, error: Error): void {
    if (this.settled) return;
    this.#settle();
    if (this.#status !== undefined) {
      this.#reject(new ExchangeFailure("yes", "BROKEN_ANSWER", error, this.#status));
      return;
    }
    const mayBeExecuted = this.#written && !wasRefused(error) && !NEVER_CONNECTED.test(code);
    const sent = mayBeExecuted ? "unknown" : "no";
    this.#reject(new ExchangeFailure(sent, code, error));
  }

  #settle(): void {
    this.settled = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#abort);
  }
}

/**
 * Errors of making a connection. A request that was written before can only meet them after undici took it back from a
 * connection that had refused it (GOAWAY); one whose connection broke gets that connection's error instead. Alerts
 * about our client certificate come after the handshake (TLS 1.3) and before anything is looked at.
 */
const NEVER_CONNECTED = /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|UND_ERR_CONNECT_TIMEOUT)$|CERT|UNABLE_TO_/;

const NGHTTP2_REFUSED_STREAM = 7;

/**
 * Whether the peer said that it did not look at the request. RFC 9113: section 6.8 for streams above a GOAWAY's last id,
 * section 8.7 for REFUSED_STREAM; a frame error of type 1 means that our own HEADERS never left. undici has by then
 * sent such a request a second time on its own.
 */
function wasRefused(error: Error & { http2ErrorCode?: number }): boolean {
  return (
    error.http2ErrorCode === NGHTTP2_REFUSED_STREAM ||
    /"GOAWAY" frame received|"frameError" received - type 1,/.test(error.message)
  );
}

/** The first code in the chain of causes, undici's own generic ones last: `UND_ERR_SOCKET` says less than its cause. */
export function codeOf(error: unknown): string {
  let found = "";
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === "string") {
      if (!code.startsWith("UND_ERR_SOCKET")) return code;
      found = code;
    }
  }
  return found;
}

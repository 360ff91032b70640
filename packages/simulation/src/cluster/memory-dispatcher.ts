import type { Answer } from "@repl/simulator";
import { Dispatcher } from "undici";
import type { CallFault } from "../run/network.ts";
import type { Context } from "../time/virtual-time.ts";
import type { CallerSide, ClusterServer } from "./cluster-server.ts";

/** An error as undici has it for a broken connection. */
function connectionError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** undici's way into the simulated network: what is dispatched here reaches the simulator's core. */
export class MemoryDispatcher extends Dispatcher {
  readonly #server: ClusterServer;
  readonly #exchanges = new Set<MemoryExchange>();

  constructor(server: ClusterServer) {
    super();
    this.#server = server;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const forget = () => this.#exchanges.delete(exchange);
    const exchange: MemoryExchange = new MemoryExchange(this.#server, options, handler, forget);
    this.#exchanges.add(exchange);
    exchange.begin();
    return true;
  }

  override async close(): Promise<void> {}

  override async destroy(reason?: unknown): Promise<void> {
    const error = reason instanceof Error ? reason : new Error("The client is destroyed");
    for (const exchange of [...this.#exchanges]) exchange.abort(error);
  }
}

/** One request and its answer, from the caller's side. */
class MemoryExchange implements Dispatcher.DispatchController {
  aborted = false;
  readonly paused = false;
  reason: Error | null = null;
  readonly rawHeaders: string[] = [];
  readonly rawTrailers: string[] = [];
  readonly #server: ClusterServer;
  readonly #options: Dispatcher.DispatchOptions;
  readonly #handler: Dispatcher.DispatchHandler & { onRequestSent?: () => void };
  readonly #forget: () => void;
  #ended = false;
  #connection: { close(): void } | undefined;

  constructor(
    server: ClusterServer,
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    forget: () => void,
  ) {
    this.#server = server;
    this.#options = options;
    this.#handler = handler;
    this.#forget = forget;
  }

  begin(): void {
    const { network } = this.#server;
    const { context, fault } = network.begin();
    this.#handler.onRequestStart?.(this, {});
    if (this.#ended) return;
    if (fault === "crash-before") {
      network.strike(context.process, "crash");
      return;
    }
    if (network.cluster.down) {
      network.time.after(network.latency(), context, () =>
        this.#fail(connectionError("ECONNREFUSED", "connect ECONNREFUSED")),
      );
      return;
    }
    this.#handler.onRequestSent?.();
    const { cluster, time } = network;
    const travelMs = Math.max(network.latency(), cluster.hungUntilMs - time.nowMs);
    const sentAtMs = time.nowMs;
    time.after(travelMs, this.#server.context, () => this.#arrive(context, fault, sentAtMs));
    if (fault === "freeze") network.strike(context.process, "freeze");
  }

  abort(reason: Error): void {
    if (this.#ended) return;
    this.aborted = true;
    this.reason = reason;
    this.#connection?.close();
    this.#fail(reason);
  }

  /** The answers of a simulation are small; nothing is ever held back. */
  pause(): void {}
  resume(): void {}

  #arrive(context: Context, fault: CallFault | undefined, sentAtMs: number): void {
    const { network } = this.#server;
    const broken = () => this.#fail(connectionError("UND_ERR_SOCKET", "other side closed"));
    if (network.cluster.down) {
      network.time.after(network.latency(), context, broken);
      return;
    }
    const { method, path, body, headers } = this.#options;
    const answerLost = fault === "lose-reply";
    const request = {
      method: String(method),
      path,
      body: typeof body === "string" ? body : "",
      headers: headers as Record<string, string>,
      answerLost,
      sentAtMs,
    };
    const side = answerLost ? { ...this.#side(), answered: broken, opened: broken } : this.#side();
    this.#connection = this.#server.serve(request, context, side);
    if (fault === "crash-after") network.strike(context.process, "crash");
    // Whoever gave up while the request was on its way still has it executed.
    if (this.#ended) this.#connection.close();
  }

  #side(): CallerSide {
    return {
      answered: ({ code, headers = {}, body }: Answer) => {
        const text = typeof body === "string" ? body : JSON.stringify(body);
        const type = typeof body === "string" ? "text/plain; charset=utf-8" : "application/json";
        this.#start(code, { "content-type": type, ...headers } as Record<string, string>);
        this.#data(text);
        this.#end();
      },
      opened: () => this.#start(200, { "content-type": "application/json" }),
      received: (text) => this.#data(text),
      ended: () => this.#end(),
      cut: () => this.#fail(connectionError("UND_ERR_SOCKET", "other side closed")),
    };
  }

  #start(status: number, headers: Record<string, string>): void {
    if (!this.#ended) this.#handler.onResponseStart?.(this, status, headers);
  }

  #data(text: string): void {
    if (!this.#ended) this.#handler.onResponseData?.(this, Buffer.from(text));
  }

  #end(): void {
    if (this.#finish()) this.#handler.onResponseEnd?.(this, {});
  }

  #fail(error: Error): void {
    if (this.#finish()) this.#handler.onResponseError?.(this, error);
  }

  #finish(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#forget();
    return true;
  }
}

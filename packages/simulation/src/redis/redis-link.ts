import type { Network } from "../run/network.ts";
import type { Context, VirtualTimer } from "../time/virtual-time.ts";

/**
 * How a client meets a Redis that is away. `requests`: as contract's connectForRequests; a command fails at once, or
 * after 0.8 s. `work`: as connectForWork; it waits, and is sent again where its answer was lost (ioredis'
 * autoResendUnfulfilledCommands), so that it may be executed twice.
 */
export type LinkKind = "requests" | "work";

const COMMAND_TIMEOUT_MS = 800;
const RECONNECT_MS = { low: 50, high: 1_000 };

/** One connection to the Redis server; commands keep their order on it. */
export class RedisLink {
  readonly #network: Network;
  readonly #server: Context;
  readonly #kind: LinkKind;
  #lastArrivalMs = 0;
  #closed = false;
  #lastReplyMs = 0;
  /** Commands that wait for Redis to be back. */
  readonly #waiting = new Map<Pick<Attempt<unknown>, "reject">, VirtualTimer>();

  constructor(network: Network, server: Context, kind: LinkKind) {
    this.#network = network;
    this.#server = server;
    this.#kind = kind;
  }

  /** Has the server do something, and answers what it answered. */
  send<Result>(execute: () => Result): Promise<Result> {
    const { context, fault } = this.#network.begin();
    return new Promise((resolve, reject) => {
      const state = { settled: false };
      const settle = (act: () => void) => {
        if (state.settled) return;
        state.settled = true;
        act();
      };
      const attempt: Attempt<Result> = {
        context,
        execute,
        resolve: (value) => settle(() => resolve(value)),
        reject: (error) => settle(() => reject(error)),
      };
      if (this.#kind === "requests") {
        const timeOut = () => attempt.reject(new Error("Command timed out"));
        const timer = this.#network.time.after(COMMAND_TIMEOUT_MS, context, timeOut);
        const { resolve: done } = attempt;
        attempt.resolve = (value) => {
          timer.cancel();
          done(value);
        };
      }
      if (fault === "crash-before") this.#network.strike(context.process, "crash");
      else this.#try(attempt, fault);
    });
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Gives up what waits for Redis to be back, and later what is on its way, as ioredis' `disconnect` does. */
  close(): void {
    this.#closed = true;
    for (const [attempt, timer] of this.#waiting) {
      timer.cancel();
      attempt.reject(new Error("Connection is closed."));
    }
    this.#waiting.clear();
  }

  #try<Result>(attempt: Attempt<Result>, fault: string | undefined): void {
    const { time, redis } = this.#network;
    if (redis.down) {
      this.#lost(attempt, "Stream isn't writeable and enableOfflineQueue options is false");
      return;
    }
    const arrivesMs = Math.max(this.#lastArrivalMs, time.nowMs + this.#network.latency(), redis.hungUntilMs);
    this.#lastArrivalMs = arrivesMs;
    time.after(arrivesMs - time.nowMs, this.#server, () => this.#arrive(attempt, fault));
    if (fault === "freeze") this.#network.strike(attempt.context.process, "freeze");
  }

  #arrive<Result>(attempt: Attempt<Result>, fault: string | undefined): void {
    const { time, redis } = this.#network;
    if (redis.hungUntilMs > time.nowMs) {
      time.after(redis.hungUntilMs - time.nowMs, this.#server, () => this.#arrive(attempt, fault));
      return;
    }
    // The connection broke while the command was on its way.
    if (redis.down) {
      this.#lost(attempt, "Connection is closed.");
      return;
    }
    let answer: () => void;
    try {
      const value = attempt.execute();
      answer = () => attempt.resolve(value);
    } catch (error) {
      answer = () => attempt.reject(error);
    }
    if (fault === "crash-after") this.#network.strike(attempt.context.process, "crash");
    else if (fault === "lose-reply") this.#lost(attempt, "Connection is closed.");
    else this.#reply(attempt, answer);
  }

  #reply<Result>(attempt: Attempt<Result>, answer: () => void): void {
    const { time } = this.#network;
    const repliesMs = Math.max(this.#lastReplyMs, time.nowMs + this.#network.latency());
    this.#lastReplyMs = repliesMs;
    time.after(repliesMs - time.nowMs, attempt.context, answer);
  }

  #lost<Result>(attempt: Attempt<Result>, message: string): void {
    const { time } = this.#network;
    if (this.#kind === "requests" || this.#closed) {
      time.after(0, attempt.context, () => attempt.reject(new Error(message)));
      return;
    }
    const { low, high } = RECONNECT_MS;
    const timer = time.after(low + time.random() * (high - low), attempt.context, () => {
      this.#waiting.delete(attempt);
      this.#try(attempt, undefined);
    });
    this.#waiting.set(attempt, timer);
  }
}

interface Attempt<Result> {
  readonly context: Context;
  readonly execute: () => Result;
  resolve: (value: Result) => void;
  reject: (error: unknown) => void;
}

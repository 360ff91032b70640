import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers/promises";
import { uuidFrom } from "./random.ts";
import { type Context, currentContext, type VirtualTimer } from "./virtual-time.ts";

/**
 * Puts virtual time, and the seed's chance, under all code that runs in a simulated process. Code outside of one keeps
 * the real clock. The product reads clocks and timers where it needs them, in some thirty places and in libraries;
 * replacing them here, in a process that does nothing but simulate, leaves it as it is when it is deployed.
 */
export function installVirtualTime(): void {
  installTimers();
  installClocks();
  installChance();
  syncBuiltinESMExports();
}

/** Node's timers take whole milliseconds, at least one (lib/internal/timers.js). */
const delayOf = (ms = 1): number => (ms >= 1 && ms <= 0x7fffffff ? Math.trunc(ms) : 1);

type Callback = (...args: unknown[]) => void;

/** As much of node's Timeout as is used. */
class VirtualTimeout {
  readonly #context: Context;
  readonly #ms: number;
  readonly #repeats: boolean;
  readonly #work: () => void;
  #timer: VirtualTimer | undefined;

  constructor(context: Context, ms: number, repeats: boolean, work: () => void) {
    this.#context = context;
    this.#ms = ms;
    this.#repeats = repeats;
    this.#work = work;
    this.#arm();
  }

  #arm(): void {
    this.#timer = this.#context.process.time.after(this.#ms, this.#context, () => {
      this.#timer = undefined;
      if (this.#repeats) this.#arm();
      this.#work();
    });
  }

  refresh(): this {
    this.#timer?.cancel();
    this.#arm();
    return this;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

function installTimers(): void {
  const real = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate };
  const later =
    (fallback: (work: Callback, ms?: number, ...args: unknown[]) => unknown, repeats: boolean) =>
    (work: Callback, ms?: number, ...args: unknown[]) => {
      const context = currentContext();
      if (context === undefined) return fallback(work, ms, ...args);
      return new VirtualTimeout(context, delayOf(ms), repeats, () => work(...args));
    };
  const clear = (fallback: (timer: never) => void) => (timer: unknown) => {
    if (timer instanceof VirtualTimeout) timer.close();
    else fallback(timer as never);
  };
  const soon = (work: Callback, ...args: unknown[]) => {
    const context = currentContext();
    if (context === undefined) return real.setImmediate(work, ...args);
    return new VirtualTimeout(context, 0, false, () => work(...args));
  };
  Object.assign(globalThis, {
    setTimeout: later(real.setTimeout as never, false),
    setInterval: later(real.setInterval as never, true),
    setImmediate: soon,
    clearTimeout: clear(real.clearTimeout),
    clearInterval: clear(real.clearInterval),
    clearImmediate: clear(real.clearImmediate),
  });
  installPromisedTimer();
  installAbortTimeout();
}

function installPromisedTimer(): void {
  const real = timers.setTimeout;
  const sleep = <Value>(ms?: number, value?: Value, { signal }: { signal?: AbortSignal } = {}): Promise<Value> => {
    const context = currentContext();
    if (context === undefined) return real(ms, value as Value, signal === undefined ? {} : { signal });
    return new Promise((resolve, reject) => {
      const abort = () => {
        timer.cancel();
        reject(new DOMException("The operation was aborted", { name: "AbortError", cause: signal?.reason }));
      };
      const timer = context.process.time.after(delayOf(ms), context, () => {
        signal?.removeEventListener("abort", abort);
        resolve(value as Value);
      });
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort, { once: true });
    });
  };
  Object.assign(timers, { setTimeout: sleep });
}

function installAbortTimeout(): void {
  const real = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (ms: number) => {
    const context = currentContext();
    if (context === undefined) return real(ms);
    const controller = new AbortController();
    context.process.time.after(ms, context, () =>
      controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")),
    );
    return controller.signal;
  };
}

function installClocks(): void {
  const RealDate = Date;
  const realNow = performance.now.bind(performance);
  const wallMs = () => {
    const process = currentContext()?.process;
    return process === undefined ? RealDate.now() : process.time.wallMs + process.clockOffsetMs;
  };
  class VirtualDate extends RealDate {
    constructor(...given: [] | [number]) {
      super(...((given.length === 0 ? [wallMs()] : given) as [number]));
    }
    static override now(): number {
      return wallMs();
    }
  }
  globalThis.Date = VirtualDate as DateConstructor;
  Object.defineProperty(performance, "now", {
    value: () => currentContext()?.process.time.nowMs ?? realNow(),
  });
}

function installChance(): void {
  const real = { random: Math.random, randomUUID: crypto.randomUUID, randomInt: crypto.randomInt };
  const chance = () => currentContext()?.process.time.random;
  Math.random = () => (chance() ?? real.random)();
  Object.assign(crypto, {
    randomUUID: () => {
      const random = chance();
      return random === undefined ? real.randomUUID() : uuidFrom(random);
    },
    randomInt: (low: number, high?: number) => {
      const random = chance();
      const [from, to] = high === undefined ? [0, low] : [low, high];
      return random === undefined ? real.randomInt(from, to) : from + Math.floor(random() * (to - from));
    },
  });
}

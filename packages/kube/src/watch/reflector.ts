import { setTimeout as sleep } from "node:timers/promises";
import type { WatchEvent } from "../client-types.ts";
import { createObjectStore, type FillableStore } from "./object-store.ts";
import { createMeter } from "./reflector-meter.ts";
import type { Change, Reflector, ReflectorOptions } from "./reflector-types.ts";
import { countFailure, type FailureRun, needsList, watchDelayMs } from "./watch-backoff.ts";

/** kube-apiserver sends a bookmark each minute; half as much again is silence. */
const IDLE_MS = 90_000;

/** The server ends each watch after a random time of this range, so that connections spread over its replicas. */
const WATCH_SECONDS = { min: 300, max: 600 };

/** A watch that ends sooner than this and without an event is a failure, or it would be opened in a tight loop. */
const SHORT_WATCH_MS = 1000;

/** A LIST of everything may take longer than a call about one resource. */
const LIST_TIMEOUT_MS = 60_000;

/**
 * Builds a reflector; nothing happens before `start`. The course of things is that of client-go's
 * (k8s.io/client-go/tools/cache, reflector.go): LIST once, WATCH from there, again from the last version seen when the
 * watch ends, and a new LIST only when the server no longer knows that version; also, unlike there, after two silent watches.
 */
export function createReflector<T>(options: ReflectorOptions<T>): Reflector<T> {
  const loop = new ReflectorLoop(options);
  let running: Promise<void> | undefined;
  return {
    start() {
      if (!loop.stopped) running ??= loop.run();
    },
    async stop() {
      loop.stop();
      await running;
    },
    synced: loop.synced.promise,
    store: loop.held.store,
    subscribe(listener) {
      // A wrapper of its own for each call: the same function may subscribe twice, and end one of the two.
      const own = (change: Change<T>) => listener(change);
      loop.listeners.add(own);
      return () => loop.listeners.delete(own);
    },
    staleForMs: () => loop.meter.staleForMs(),
    stats: () => loop.meter.read(loop.held.store.size),
  };
}

class ReflectorLoop<T> {
  readonly held: FillableStore<T>;
  readonly listeners = new Set<(change: Change<T>) => void>();
  readonly meter = createMeter();
  readonly synced = Promise.withResolvers<void>();
  readonly #options: ReflectorOptions<T>;
  readonly #random: () => number;
  readonly #stopping = new AbortController();
  /** Where the watch goes on; undefined: a LIST is due. */
  #version: string | undefined;
  /** Since the last sign of life. */
  #failures: FailureRun | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.held = createObjectStore(options.keep, options.indexBy);
    // Whoever does not wait for it need not handle its rejection.
    this.synced.promise.catch(() => {});
  }

  get stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  stop(): void {
    this.#stopping.abort();
    this.synced.reject(new Error(`${this.#options.kind.kind}: stopped before the first list`));
  }

  async run(): Promise<void> {
    while (!this.stopped) {
      try {
        this.#version ??= await this.#list();
        await this.#watch(this.#version);
      } catch (error) {
        if (!this.stopped) await this.#recover(error);
      }
    }
  }

  async #list(): Promise<string> {
    const { client, kind } = this.#options;
    const answer = await client.list(kind, {
      ...this.#selection(),
      transform: this.held.read,
      timeoutMs: LIST_TIMEOUT_MS,
      signal: this.#stopping.signal,
    });
    this.meter.listed();
    for (const change of this.held.replaceAll(answer.items)) this.#announce(change);
    this.synced.resolve();
    return answer.resourceVersion;
  }

  async #watch(from: string): Promise<void> {
    const openedAt = performance.now();
    let events = 0;
    try {
      for await (const event of this.#stream(from)) {
        events++;
        this.#take(event);
      }
    } finally {
      this.meter.closed();
    }
    if (events === 0 && performance.now() - openedAt < SHORT_WATCH_MS) {
      throw new Error("the watch ended at once and without an event");
    }
    this.#failures = undefined;
  }

  #stream(from: string): AsyncIterable<WatchEvent> {
    const { client, kind, idleMs = IDLE_MS } = this.#options;
    const { min, max } = WATCH_SECONDS;
    return client.watch(kind, {
      ...this.#selection(),
      resourceVersion: from,
      timeoutSeconds: Math.floor(min + this.#random() * (max - min)),
      idleMs,
      signal: this.#stopping.signal,
      onOpen: () => this.meter.opened(),
    });
  }

  #take({ type, object }: WatchEvent): void {
    this.#version = object.metadata.resourceVersion ?? this.#version;
    this.#failures = undefined;
    this.meter.received(type);
    if (type === "BOOKMARK") return;
    const held = this.held.read(object);
    const change = type === "DELETED" ? this.held.remove(held) : this.held.put(held);
    if (change !== undefined) this.#announce(change);
  }

  async #recover(error: unknown): Promise<void> {
    this.#failures = countFailure(this.#failures, error);
    if (needsList(this.#failures)) this.#version = undefined;
    const delayMs = watchDelayMs(error, this.#failures, this.#random());
    this.#report(error, delayMs);
    await sleep(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }

  #announce(change: Change<T>): void {
    for (const listener of this.listeners) {
      try {
        listener(change);
      } catch (error) {
        this.#report(error, 0);
      }
    }
  }

  #report(error: unknown, delayMs: number): void {
    try {
      this.#options.onError?.(error, delayMs);
    } catch {
      // A broken reporter has nobody left to tell.
    }
  }

  #selection() {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return { namespace, labelSelector, fieldSelector };
  }
}

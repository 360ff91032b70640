import { ApiError } from "../errors/api-error.ts";

/** Work for keys, one at a time, each key at most once in the queue. */
export interface WorkQueue<K> {
  add(key: K): void;
  addAfter(key: K, delayMs: number): void;
}

/** Runs the controllers: their queues and their timers, all of which `stop` ends. */
export interface Runtime {
  /** `reconcile` may answer in how many milliseconds it wants to run again. An ApiError runs it again after a pause. */
  queue<K extends string>(reconcile: (key: K) => number | undefined): WorkQueue<K>;
  /** Calls back later; returns the function that cancels it. */
  after(delayMs: number, work: () => void): () => void;
  stop(): void;
}

/** How long after a refused write a controller tries again. */
const RETRY_MS = 500;

export function createRuntime(): Runtime {
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;

  const after = (delayMs: number, work: () => void): (() => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, delayMs);
    timers.add(timer);
    return () => {
      timers.delete(timer);
      clearTimeout(timer);
    };
  };

  function queue<K extends string>(reconcile: (key: K) => number | undefined): WorkQueue<K> {
    const waiting = new Set<K>();
    const later = new Map<K, () => void>();
    const add = (key: K): void => {
      if (stopped) return;
      if (waiting.size === 0) setImmediate(drain);
      waiting.add(key);
    };
    const addAfter = (key: K, delayMs: number): void => {
      if (stopped) return;
      later.get(key)?.();
      later.set(
        key,
        after(delayMs, () => {
          later.delete(key);
          add(key);
        }),
      );
    };
    const run = (key: K): void => {
      try {
        const againMs = reconcile(key);
        if (againMs !== undefined) addAfter(key, againMs);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        addAfter(key, RETRY_MS);
      }
    };
    const drain = (): void => {
      const keys = [...waiting];
      waiting.clear();
      for (const key of keys) if (!stopped) run(key);
    };
    return { add, addAfter };
  }

  return {
    queue,
    after,
    stop() {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

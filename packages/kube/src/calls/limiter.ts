/** Lets a bounded number of tasks run at a time, in the order in which they came. */
export interface Limiter {
  /**
   * Runs a task when its turn comes.
   * @throws the signal's reason when it is aborted while the task still waits; the task is then never run
   */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  readonly active: number;
  readonly waiting: number;
}

/** Builds a limiter; a freed place goes straight to the one who has waited longest, so that nobody overtakes. */
export function createLimiter(max: number): Limiter {
  if (!Number.isInteger(max) || max < 1) {
    throw new RangeError(`a limit must be a positive integer, not ${max}`);
  }
  // A Set keeps the order of insertion and lets anybody leave the queue in O(1).
  const queue = new Set<() => void>();
  let active = 0;

  function release(): void {
    const next = queue.values().next();
    if (next.done) {
      active--;
      return;
    }
    queue.delete(next.value);
    next.value();
  }

  async function acquire(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (active < max) {
      active++;
      return;
    }
    await turn(queue, signal);
  }

  return {
    async run(task, signal) {
      await acquire(signal);
      try {
        return await task();
      } finally {
        release();
      }
    },
    get active() {
      return active;
    },
    get waiting() {
      return queue.size;
    },
  };
}

function turn(queue: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const enter = () => {
      signal?.removeEventListener("abort", leave);
      resolve();
    };
    const leave = () => {
      queue.delete(enter);
      reject(signal?.reason);
    };
    queue.add(enter);
    signal?.addEventListener("abort", leave, { once: true });
  });
}

/** Whether this process got round to its connections. */
export interface Attention {
  /** Watches the event loop from now on, without keeping the process alive. */
  begin(): void;
  end(): void;
  /** Whether the event loop was late at any time within the last `withinMs`. */
  wasAway(withinMs: number): boolean;
}

const LOOK_MS = 1_000;

/** @param limitMs delay of the event loop above which it counts as late. */
export function createAttention(limitMs: number): Attention {
  let lookedAt = Number.POSITIVE_INFINITY;
  let awayAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const now = performance.now();
    if (now - lookedAt > LOOK_MS + limitMs) awayAt = now;
    lookedAt = now;
  };
  return {
    begin() {
      lookedAt = performance.now();
      timer = setInterval(look, LOOK_MS).unref();
    },
    end: () => clearInterval(timer),
    wasAway(withinMs) {
      look(); // The timer itself is late as well.
      return performance.now() - awayAt < withinMs;
    },
  };
}

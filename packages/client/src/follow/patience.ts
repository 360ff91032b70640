import { ApiError, mayPass } from "../errors.ts";
import { backoffMs, pause } from "../http/pause.ts";
import type { Timing } from "../http/timing.ts";

/** Failures in a row after which following is given up: with the usual pauses, after a minute and a half. */
const MAX_FAILURES = 10;

/** Waits after failures, longer each time, and gives up after too many in a row. */
export interface Patience {
  /** Something went well: the next failure is the first one again. */
  succeeded(): void;
  /**
   * Waits before the next try.
   * @throws the error itself where the next try would end the same way, and after too many failures in a row
   */
  failed(error: unknown): Promise<void>;
  /** From now on pauses begin with this, because the server says so. */
  startFrom(pauseMs: number): void;
}

/** For one follower. */
export function createPatience(timing: Timing, signal: AbortSignal): Patience {
  let failures = 0;
  let firstMs = timing.firstPauseMs;
  return {
    succeeded() {
      failures = 0;
    },
    startFrom(pauseMs) {
      firstMs = Math.min(pauseMs, timing.longestPauseMs);
    },
    async failed(error) {
      failures += 1;
      if (!mayPass(error) || failures >= MAX_FAILURES) throw error;
      const askedMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
      const ownMs = backoffMs(failures, { firstMs, longestMs: timing.longestPauseMs });
      await pause(Math.max(ownMs, Math.min(askedMs, timing.longestPauseMs)), signal);
    },
  };
}

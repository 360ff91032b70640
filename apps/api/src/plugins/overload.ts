import underPressure from "@fastify/under-pressure";
import type { App } from "../app-types.ts";
import { Problem } from "../problems/problem.ts";

/** Mean delay of the event loop over a second above which requests are refused rather than served late. */
export const MAX_EVENT_LOOP_DELAY_MS = 1_000;

/** Answers 503 while the process is too busy to keep its promises. */
export function shedLoad(app: App, maxEventLoopDelayMs: number): void {
  void app.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    pressureHandler: async () => {
      throw new Problem("overloaded");
    },
  });
}

import underPressure from "@fastify/under-pressure";
import type { App } from "../app-types.ts";
import { Problem } from "../problems/problem.ts";

/** Mean delay of the event loop over a second above which requests are refused rather than served late. */
export const MAX_EVENT_LOOP_DELAY_MS = 1_000;

/** Until the first mean that has nothing of the start in it, when routes were compiled and nobody was served late. */
const START_UP_MS = 2_500;

/** Answers 503 while the process is too busy to keep its promises. */
export function shedLoad(app: App, maxEventLoopDelayMs: number): void {
  let judgedFrom = Infinity;
  app.addHook("onReady", async () => {
    judgedFrom = performance.now() + START_UP_MS;
  });
  void app.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    pressureHandler: async () => {
      if (performance.now() >= judgedFrom) throw new Problem("overloaded");
    },
  });
}

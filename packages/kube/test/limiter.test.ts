import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLimiter } from "../src/calls/limiter.ts";
import { failure } from "./support/wait.ts";

describe("createLimiter", () => {
  it("runs in the order of arrival, never more than allowed, whoever fails or leaves", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.constantFrom("succeed", "fail", "leave"), { maxLength: 30 }),
        async (max, fates) => {
          const limiter = createLimiter(max);
          const started: number[] = [];
          let peak = 0;
          const outcomes = fates.map((fate, index) => {
            const aborting = new AbortController();
            const task = async () => {
              started.push(index);
              peak = Math.max(peak, limiter.active);
              await Promise.resolve();
              if (fate === "fail") throw new Error("failed");
            };
            const outcome = limiter.run(task, aborting.signal);
            if (fate === "leave") aborting.abort(new Error("left"));
            return outcome;
          });
          await Promise.allSettled(outcomes);
          expect(started).toEqual(started.toSorted((a, b) => a - b));
          expect(peak).toBeLessThanOrEqual(max);
          expect([limiter.active, limiter.waiting]).toEqual([0, 0]);
        },
      ),
    );
  });

  it("never runs a task whose signal is aborted while it waits", async () => {
    const limiter = createLimiter(1);
    const first = Promise.withResolvers<void>();
    const running = limiter.run(() => first.promise);
    const aborting = new AbortController();
    let ran = false;
    const waiting = limiter.run(async () => {
      ran = true;
    }, aborting.signal);
    aborting.abort(new Error("no more"));
    expect((await failure(waiting)).message).toBe("no more");
    first.resolve();
    await running;
    expect(ran).toBe(false);
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses a limit of %s", (max) => {
    expect(() => createLimiter(max)).toThrow("positive integer");
  });
});

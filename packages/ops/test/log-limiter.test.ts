import { expect, it } from "vitest";
import { createLog, createLogLimiter } from "../src/index.ts";

function limiter() {
  const lines: Record<string, unknown>[] = [];
  const clock = { ms: 0 };
  const log = createLog({ process: "api", level: "info", write: (line) => void lines.push(JSON.parse(line)) });
  return { lines, clock, logError: createLogLimiter(log, () => clock.ms) };
}

it("logs the same error of one source once in 30 s, with how often it was kept back", () => {
  const { lines, clock, logError } = limiter();
  for (clock.ms = 0; clock.ms < 60_000; clock.ms += 100) logError("redis", new Error("connect ECONNREFUSED"));
  expect(lines).toMatchObject([{ suppressed: 0 }, { suppressed: 299 }]);
});

it("logs another error and another source at once, also when they take turns", () => {
  const { lines, logError } = limiter();
  for (let time = 0; time < 100; time += 1) {
    for (const source of ["requests", "queue"])
      for (const text of ["refused", "reset"]) logError(source, new Error(text));
  }
  expect(lines).toHaveLength(4);
});

it("remembers a bounded number of errors", () => {
  const { lines, logError } = limiter();
  for (let number = 0; number < 1_000; number += 1) logError("redis", new Error(`error ${number}`));
  expect(lines).toHaveLength(1_000);
});

import { INVARIANTS } from "@repl/checker";
import { describe, expect, test } from "vitest";
import { BROKEN_BUILDS } from "../src/broken/broken-builds.ts";
import { campaign } from "./support/simulate.ts";

const MOST_SCHEDULES = 1_500;

describe("broken builds", () => {
  test("every invariant that a history shows has two, but for those named", () => {
    const counts = INVARIANTS.filter(({ check }) => check !== undefined).map(({ id }) => ({
      id,
      builds: BROKEN_BUILDS.filter(({ breaks }) => breaks === id).length,
    }));
    expect(counts.filter(({ builds }) => builds < 2)).toEqual([]);
  });

  test.concurrent.each(BROKEN_BUILDS)("$breaks: $name", { timeout: 180_000 }, async ({ breaks, name }) => {
    const { caughtAt, failed } = await campaign("--broken", name, "--schedules", String(MOST_SCHEDULES));
    expect(caughtAt).toBeGreaterThan(0);
    expect(failed.flatMap(({ violations }) => violations).some((what) => what.startsWith(`${breaks}: `))).toBe(true);
  });
});

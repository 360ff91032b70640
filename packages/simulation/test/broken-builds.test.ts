import { readFileSync } from "node:fs";
import { INVARIANTS } from "@repl/checker";
import { describe, expect, test } from "vitest";
import { BROKEN_BUILDS } from "../src/broken/broken-builds.ts";
import { REAL_BUILDS } from "../src/broken/real-builds.ts";
import { campaign, simulate } from "./support/simulate.ts";

const ALL = [...BROKEN_BUILDS, ...REAL_BUILDS];
const MOST_SCHEDULES = 1_500;

describe("broken builds", () => {
  test("every invariant has two, each of other edits and another name than all others", () => {
    const counts = INVARIANTS.map(({ id }) => ({ id, builds: ALL.filter(({ breaks }) => breaks === id).length }));
    expect(counts.filter(({ builds }) => builds < 2)).toEqual([]);
    expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length);
    expect(new Set(ALL.map(({ edits }) => JSON.stringify(edits))).size).toBe(ALL.length);
  });

  test("docs/reliability.md says how many there are, and --list names each", async () => {
    const text = readFileSync(new URL("../../../docs/reliability.md", import.meta.url), "utf8");
    expect(text).toContain(`the ${BROKEN_BUILDS.length} broken builds below that a schedule shows`);
    expect(text).toContain(`\n${REAL_BUILDS.length} more, in \`real-builds.ts\``);
    expect(await simulate("--list")).toHaveLength(ALL.length);
  });

  test.concurrent.each(BROKEN_BUILDS)("$breaks: $name", { timeout: 180_000 }, async ({ breaks, name }) => {
    const { caughtAt, failed } = await campaign("--broken", name, "--schedules", String(MOST_SCHEDULES));
    expect(caughtAt).toBeGreaterThan(0);
    expect(failed.flatMap(({ violations }) => violations).some((what) => what.startsWith(`${breaks}: `))).toBe(true);
  });
});

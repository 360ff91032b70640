import { globSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { campaign, simulate } from "./support/simulate.ts";

const MINUTES = 60_000;

test("no schedule breaks an invariant", { timeout: 5 * MINUTES }, async () => {
  const { schedules, failed } = await campaign("--schedules", "400");
  expect(failed).toEqual([]);
  expect(schedules).toBe(400);
});

/** The hash of each seed's history, by seed. */
async function hashesOf(...args: string[]): Promise<Map<number, string>> {
  const lines = await simulate("--hashes", ...args);
  const pairs = lines.flatMap((line) => {
    const [, seed, hash] = /^(\d+) ([0-9a-f]{16})$/.exec(line) ?? [];
    return hash === undefined ? [] : [[Number(seed), hash] as const];
  });
  return new Map(pairs.toSorted(([left], [right]) => left - right));
}

test("a seed is one history, whatever ran before it and in whichever process", { timeout: 3 * MINUTES }, async () => {
  const [alone, shared, later] = await Promise.all([
    hashesOf("--schedules", "60", "--processes", "1"),
    hashesOf("--schedules", "60", "--processes", "3"),
    hashesOf("--seed", "41", "--schedules", "20", "--processes", "1"),
  ]);
  expect([...alone.keys()]).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  expect(new Set(alone.values()).size).toBe(60);
  expect(shared).toEqual(alone);
  expect([...later]).toEqual([...alone].slice(40));
});

test("a failing seed is replayed, and shrunk to what it needs", { timeout: 3 * MINUTES }, async () => {
  const broken = ["--broken", "an attempt begins with the progress of the one before"];
  const { caughtAt } = await campaign(...broken, "--schedules", "400");
  expect(caughtAt).toBeGreaterThan(0);
  const [whole, least] = await Promise.all([
    simulate(...broken, "--replay", String(caughtAt)),
    simulate(...broken, "--shrink", String(caughtAt)),
  ]);
  const planOf = (lines: string[]) => JSON.parse(lines.slice(0, lines.indexOf("}") + 1).join("\n"));
  const sizeOf = ({ operations, faults }: { operations: unknown[]; faults: unknown[] }) =>
    operations.length + faults.length;
  expect(whole.some((line) => line.startsWith("I9: "))).toBe(true);
  expect(least.some((line) => line.startsWith("I9: "))).toBe(true);
  expect(sizeOf(planOf(least))).toBeLessThanOrEqual(sizeOf(planOf(whole)));
  // One start, and what ended its first attempt.
  expect(sizeOf(planOf(least))).toBeLessThanOrEqual(3);
});

test.each(globSync("plans/*.json", { cwd: import.meta.dirname }))("what once failed holds: %s", async (file) => {
  const lines = await simulate("--plan", join(import.meta.dirname, file));
  expect(lines.at(-1)).toMatch(/: 0 violations, history /);
});

test.each([
  [["--schedules", "0"], /--schedules must be a whole number from 1 on, not 0/],
  [["--broken", "nothing"], /--broken: there is no nothing/],
  [["--frobnicate"], /frobnicate/],
])("%j is refused", async (args, message) => {
  await expect(simulate(...args)).rejects.toThrow(message);
});

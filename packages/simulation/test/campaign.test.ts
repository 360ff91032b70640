import { readFileSync } from "node:fs";
import process from "node:process";
import { expect, test } from "vitest";
import { runCampaign } from "../src/campaign.ts";

/** Processes that this one has started and that still run. */
const children = (): number[] =>
  readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number);

test("a process that dies is one failure with its seed, and all other seeds are run", { timeout: 60_000 }, async () => {
  const before = new Set(children());
  const seeds: number[] = [];
  const { schedules, failed } = await runCampaign({
    seed: 7,
    schedules: 12,
    minutes: 5,
    processes: 1,
    hashes: false,
    onSchedule({ seed }) {
      seeds.push(seed);
      if (seed === 9) for (const pid of children()) if (!before.has(pid)) process.kill(pid, "SIGKILL");
    },
  });
  expect(seeds).toEqual([7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
  expect(schedules).toBe(12);
  expect(failed.map(({ violations }) => violations)).toEqual([["an error ended the process"]]);
  expect(children().filter((pid) => !before.has(pid))).toEqual([]);
});

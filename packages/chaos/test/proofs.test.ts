import { describe, expect, test } from "vitest";
import { findingsOf } from "../src/commands/kills.ts";
import { problemsOf } from "../src/commands/outages.ts";
import { runBacklog } from "../src/proofs/backlog.ts";
import { runKills } from "../src/proofs/kills.ts";
import { runOutages } from "../src/proofs/outages.ts";
import { runZombies } from "../src/proofs/zombies.ts";
import { openTarget } from "../src/target/target.ts";

/** The same as the commands of script/chaos, bounded; docs/reliability.md has the figures of the long runs. */
const TIMEOUT = { timeout: 240_000 };

describe("on real processes", () => {
  test("no accepted job is lost over kills of workers, apis and Redis", TIMEOUT, async () => {
    await using target = await openTarget("simulator");
    const report = await runKills({ target, jobs: 200, kills: 6, fsync: "always", power: true, seed: 1 });
    expect(findingsOf(report)).toEqual({});
    expect(report).toMatchObject({ accepted: 200, takenBack: 0 });
  });

  test.each(["paused", "blocked"] as const)("no write of a %s worker survives its waking", TIMEOUT, async (how) => {
    await using target = await openTarget("simulator");
    const report = await runZombies({ target, rounds: 8, how, atOnce: 4, log: () => {} });
    expect(report.failures).toEqual([]);
    expect(report.lateWrites).toBeGreaterThan(0);
  });

  test("a dependency that is dead or frozen is told in time and survived", TIMEOUT, async () => {
    await using target = await openTarget("simulator");
    const reports = await runOutages(target, 4_000);
    expect(reports.map((report) => [report.name, problemsOf(report)])).toEqual(reports.map(({ name }) => [name, []]));
    expect(reports).toHaveLength(5);
  });

  test(
    "starts without a worker wait, those beyond the limit are refused, and all complete once workers come",
    TIMEOUT,
    async () => {
      await using target = await openTarget("simulator");
      const report = await runBacklog({ target, jobs: 300, more: 20 });
      expect(report.within).toEqual({ 202: 300 });
      expect(report.beyond).toEqual({ "503 queue_full": 20 });
      expect(report.ended).toEqual({ completed: 300 });
      expect(report.redisBytes[1] - report.redisBytes[0]).toBeLessThan(300 * 10_000);
    },
  );
});

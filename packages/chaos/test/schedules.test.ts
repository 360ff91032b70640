import type { HistoryEvent } from "@repl/checker";
import { describe, expect, test } from "vitest";
import { makePlan } from "../src/random/make-plan.ts";
import { runSchedules } from "../src/random/run-schedules.ts";
import { judge, setupOf } from "../src/record/judge.ts";
import { openTarget } from "../src/target/target.ts";

const OPTIONS = { target: "simulator", apis: 2 } as const;

describe("random schedules", () => {
  test("are decided by their seed alone", () => {
    expect(makePlan(7, OPTIONS)).toEqual(makePlan(7, OPTIONS));
    expect(makePlan(7, OPTIONS).orders).not.toEqual(makePlan(8, OPTIONS).orders);
  });

  test("break no invariant, and the checker sees what it would have to", { timeout: 300_000 }, async () => {
    await using target = await openTarget("simulator");
    const histories: { events: readonly HistoryEvent[]; end: Parameters<typeof judge>[2] }[] = [];
    const report = await runSchedules({
      ...{ target, firstSeed: 1, seeds: 30, perRound: 30 },
      onRound: ({ outcome }) => void histories.push(outcome),
    });
    expect(report.violations).toEqual([]);
    expect(report.faults).toBeGreaterThan(10);

    const [{ events, end } = { events: [], end: undefined }] = histories;
    const namespace = end?.objects[0]?.namespace ?? "";
    const found = (changed: Partial<NonNullable<typeof end>>, some = events) =>
      judge(setupOf(namespace), some, { ...end, ...changed } as NonNullable<typeof end>).map(
        ({ invariant }) => invariant,
      );
    expect(found({ jobs: [] }), "every job lost").toContain("I3");
    expect(found({ objects: end?.objects.filter(({ kind }) => kind !== "Service") ?? [] }), "half a set").toContain(
      "I1",
    );
    const ends = (event: HistoryEvent) => event.type === "job" && event.job.state === "completed";
    expect(found({}, [...events, ...events.filter(ends)]), "an end twice").toContain("I9");
    const isMade = (event: HistoryEvent) => event.type === "object" && event.change === "added";
    const twice = events.flatMap((event) => (isMade(event) ? [event, event] : [event]));
    expect(found({}, twice), "made twice").toContain("I6");
  });
});

import { missingTestCluster, useTestCluster } from "@repl/testkit/vitest";
import { describe, expect, test } from "vitest";
import { runCrashPoints } from "../src/crash-points/run-crash-points.ts";
import { openTarget, type TargetName } from "../src/target/target.ts";

const TARGETS: readonly { readonly name: TargetName; readonly missing: () => string | undefined }[] = [
  { name: "simulator", missing: () => undefined },
  { name: "cluster", missing: missingTestCluster },
];

describe.each(TARGETS)("on the $name", ({ name, missing }) => {
  test.skipIf(missing())(
    "a fault at any write of a start or a stop changes nothing about how it ends",
    { timeout: 300_000 },
    async () => {
      await using target = await openTarget(name, name === "cluster" ? await useTestCluster() : undefined);
      const report = await runCrashPoints({ target, workers: 3, pairs: false, log: () => {} });
      expect(report.failures).toEqual([]);
      expect(report.unmet).toEqual([]);
      expect(report.singles).toBeGreaterThanOrEqual(18);
      expect(report.kills).toBeGreaterThanOrEqual(12);
    },
  );
});

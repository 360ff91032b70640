import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const TEXT = readFileSync(new URL("../../docs/monitoring/alerts.yaml", import.meta.url), "utf8");
const RULES: { alert: string; expr: string }[] = parse(TEXT).groups[0].rules;

/** Metrics of the workers: without any worker there is no series of them, and a sum of nothing is nothing, not 0. */
const OF_THE_WORKERS = /repl_(active_jobs|sweeps_total|attempts_total|lease_losses_total)|kube_watch_/;

describe("the alerts", () => {
  it.each(RULES.map(({ alert, expr }) => [alert, expr] as const))(
    "%s does not wait for a 0 that nobody reports",
    (_alert, expr) => {
      if (OF_THE_WORKERS.test(expr) && /==\s*0|<=?\s*\d/.test(expr)) expect(expr).toContain("or vector(0)");
    },
  );

  it("an api that nobody scrapes is missed, since what it reports of the queue is then missing as well", () => {
    const rule = RULES.find(({ alert }) => alert === "ReplApiUnseen");
    expect(rule?.expr).toBe("absent(repl_redis_up)");
    const reported = readFileSync(new URL("../../apps/api/src/metrics/queue-gauges.ts", import.meta.url), "utf8");
    expect(reported).toContain('"repl_redis_up"');
  });

  it("jobs that wait count unless a worker is seen to run one", () => {
    const rule = RULES.find(({ alert }) => alert === "ReplNobodyTakesJobs");
    expect(rule?.expr).toBe("max(repl_oldest_wait_seconds) > 120 unless on() sum(repl_active_jobs) > 0");
  });
});

import { readFileSync } from "node:fs";
import { FAILURES } from "@repl/contract";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const ALERTS: { readonly groups: readonly [{ readonly rules: readonly Rule[] }] } = parse(
  read("docs/monitoring/alerts.yaml"),
);
const RULES = ALERTS.groups[0].rules;

/** A rule's expression on one line. @throws Error where there is no such rule */
function expressionOf(name: string): string {
  const rule = RULES.find(({ alert }) => alert === name);
  if (rule === undefined) throw new Error(`no alert ${name}`);
  return rule.expr.replace(/\s+/g, " ").trim();
}

/** Metrics of the workers: without any worker there is no series of them, and a sum of nothing is nothing, not 0. */
const OF_THE_WORKERS =
  /repl_(active_jobs|sweeps_total|sweep_findings_total|attempts_total|lease_losses_total)|kube_watch_/;

describe("the alerts", () => {
  it.each(RULES.map(({ alert, expr }) => [alert, expr] as const))(
    "%s does not wait for a 0 that nobody reports",
    (_alert, expr) => {
      if (OF_THE_WORKERS.test(expr) && /==\s*0|<=?\s*\d/.test(expr)) expect(expr).toContain("or vector(0)");
    },
  );

  it("an api that nobody scrapes is missed, since what it reports of the queue is then missing as well", () => {
    expect(expressionOf("ReplApiUnseen")).toBe("absent(repl_redis_up)");
    expect(read("apps/api/src/metrics/queue-gauges.ts")).toContain('"repl_redis_up"');
  });

  it("jobs that wait count unless a worker is seen to run one", () => {
    expect(expressionOf("ReplNobodyTakesJobs")).toBe(
      "max(repl_oldest_wait_seconds) > 120 unless on() sum(repl_active_jobs) > 0",
    );
  });

  it("starts that fail by what users bring along do not count as the service's failures, and few starts say nothing", () => {
    const users = "copy_failed|container_crash_loop|out_of_memory";
    expect(expressionOf("ReplStartsFail")).toContain(`outcome="failed",code!~"${users}"`);
    expect(expressionOf("ReplStartsFail")).toMatch(/> 0\.2 and .*\[15m\]\)\) >= 10$/);
    // A bucket that is gone fails all of them alike, with those very codes.
    expect(expressionOf("ReplWorkspacesFail")).toContain(`outcome="failed",code=~"${users}"`);
    expect(expressionOf("ReplWorkspacesFail")).toMatch(/> 0\.5 and .*\[15m\]\)\) >= 20$/);
  });

  it("name only codes that there are", () => {
    const named = RULES.flatMap(({ expr }) => [...expr.matchAll(/code[!=]~"([^"]+)"/g)]).flatMap(([, codes = ""]) =>
      codes.split("|"),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((code) => !(code in FAILURES))).toEqual([]);
  });

  it("what the sweep cannot decide and what it deletes in numbers is told of", () => {
    const findings = (action: string) => `sum(increase(repl_sweep_findings_total{action="${action}"}[15m]))`;
    expect(expressionOf("ReplSweepDisagrees")).toBe(`${findings("report")} > 0`);
    expect(expressionOf("ReplSweepDeletesMany")).toBe(`${findings("delete")} > 30`);
  });

  it("a Redis that is nearly full is told of, and one without a limit is not", () => {
    expect(expressionOf("ReplRedisMemoryNearlyFull")).toBe(
      "max(repl_redis_memory_bytes / (repl_redis_memory_max_bytes > 0)) > 0.8",
    );
  });
});

describe("where the alerts are described", () => {
  it("docs/operations.md has a row for each, and for no other", () => {
    const [, section = ""] = read("docs/operations.md").split("\n## Alerts\n");
    const [table = ""] = section.split("\n## ");
    const rows = [...table.matchAll(/^\| `(\w+)` \| .+ \| .+ \|$/gm)].map(([, name]) => name);
    expect(rows).toEqual(RULES.map(({ alert }) => alert));
  });

  it.each(RULES.map(({ alert, annotations }) => [alert, annotations] as const))(
    "%s says in a sentence what is wrong, and where to read on",
    (_alert, { summary, runbook }) => {
      expect(summary).toMatch(/^[A-Z].*\.$/);
      expect(runbook).toBe("docs/operations.md#alerts");
    },
  );
});

describe("the PrometheusRule", () => {
  it("of k8s/components/monitoring has the groups of docs/monitoring/alerts.yaml", () => {
    const rule = parse(read("k8s/components/monitoring/alerts.yaml"));
    expect(rule).toMatchObject({ apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule" });
    expect(rule.spec).toEqual(ALERTS);
    expect(parse(read("k8s/components/monitoring/kustomization.yaml")).resources).toContain("alerts.yaml");
  });

  it("of the chart is made from a copy of docs/monitoring/alerts.yaml (cp it to k8s/chart/files)", () => {
    expect(read("k8s/chart/files/alerts.yaml")).toBe(read("docs/monitoring/alerts.yaml"));
  });
});

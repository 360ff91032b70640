import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FAILURES } from "@repl/contract";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { testAlert, whyNoPromtool } from "./support/promtool.ts";

const PATH = fileURLToPath(new URL("../../docs/monitoring/alerts.yaml", import.meta.url));
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const ALERTS: { readonly groups: readonly [{ readonly rules: readonly Rule[] }] } = parse(
  read("docs/monitoring/alerts.yaml"),
);
const RULES = ALERTS.groups[0].rules;

/** @throws Error where there is no such rule */
function ruleOf(name: string): Rule {
  const rule = RULES.find(({ alert }) => alert === name);
  if (rule === undefined) throw new Error(`no alert ${name}`);
  return rule;
}

/** A rule's expression on one line. */
const expressionOf = (name: string): string => ruleOf(name).expr.replace(/\s+/g, " ").trim();

/** Metrics of the workers: without any worker there is no series of them, and a sum of nothing is nothing, not 0. */
const OF_THE_WORKERS =
  /repl_(active_jobs|sweeps_total|sweep_findings_total|attempts_total|lease_losses_total)|kube_watch_/;

describe("the alerts", () => {
  it.each(RULES.map(({ alert, expr }) => [alert, expr] as const))(
    "%s does not wait for a 0 that nobody reports",
    (_alert, expr) => {
      if (OF_THE_WORKERS.test(expr) && /==\s*0|<=?\s*\d/.test(expr)) expect(expr).toContain("or on () vector(0)");
    },
  );

  it("an api that nobody scrapes is missed, since what it reports of the queue is then missing as well", () => {
    expect(expressionOf("ReplApiUnseen")).toContain("or on () absent(repl_redis_up)");
    expect(read("apps/api/src/metrics/queue-gauges.ts")).toContain('"repl_redis_up"');
  });

  it("jobs that wait count unless a worker is seen to run one", () => {
    expect(expressionOf("ReplNobodyTakesJobs")).toBe(
      "max by (namespace) (repl_oldest_wait_seconds) > 120 unless on (namespace) sum by (namespace) (repl_active_jobs) > 0",
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
    const findings = (action: string) =>
      `sum by (namespace) (increase(repl_sweep_findings_total{action="${action}"}[15m]))`;
    expect(expressionOf("ReplSweepDisagrees")).toBe(`${findings("report")} > 0`);
    expect(expressionOf("ReplSweepDeletesMany")).toBe(`${findings("delete")} > 30`);
  });

  it("a Redis that is nearly full is told of, and one without a limit is not", () => {
    expect(expressionOf("ReplRedisMemoryNearlyFull")).toBe(
      "max by (namespace) (repl_redis_memory_bytes / (repl_redis_memory_max_bytes > 0)) > 0.8",
    );
  });

  it.each(RULES.map(({ alert, expr }) => [alert, expr] as const))("%s tells installations apart", (_alert, expr) => {
    const summed = [...expr.matchAll(/\b(?:sum|max|min|count|avg)\b\s*(by \([^)]*\))?/g)];
    expect(summed.length).toBeGreaterThan(0);
    expect(summed.filter(([, by = ""]) => !/^by \(namespace\b/.test(by)).map(([text]) => text)).toEqual([]);
    expect(expr).not.toMatch(/namespace\s*=/);
  });
});

/** Series of two installations that share a Prometheus, each in a namespace, or of one without that label. */
const inBoth = (of: (label: string) => Record<string, string>) => ({
  ...of('namespace="well",'),
  ...of('namespace="ill",'),
});
const alone = (of: (label: string) => Record<string, string>) => of("");
type Place = Record<string, string>;
const ILL: readonly Place[] = [{ namespace: "ill" }];
const NAMELESS: readonly Place[] = [{}];
const isWell = (label: string) => label.includes("well");

const up = (label: string) => ({ [`repl_redis_up{${label}pod="api"}`]: "1x60" });
const sweeping = (label: string) => ({ [`repl_sweeps_total{${label}pod="worker"}`]: "0+6x60" });
const attempts = (label: string, outcome: string, code: string, values: string) => ({
  [`repl_attempts_total{${label}kind="start",outcome="${outcome}",code="${code}"}`]: values,
});
const answers = (label: string, status: string, values: string) => ({
  [`http_requests_total{${label}status="${status}"}`]: values,
});
const redisWith = (label: string, bytes: number) => ({
  [`repl_redis_memory_bytes{${label}}`]: `${bytes}x60`,
  [`repl_redis_memory_max_bytes{${label}}`]: "100x60",
});
const waiting = (label: string) => ({ [`repl_oldest_wait_seconds{${label}}`]: "300x60" });
const active = (label: string) => ({ [`repl_active_jobs{${label}}`]: "3x60" });

/** One installation is ill. */
const ILLNESSES: readonly [what: string, alert: string, of: (label: string) => Record<string, string>][] = [
  [
    "its api is gone",
    "ReplApiUnseen",
    (label) => (isWell(label) ? up(label) : { [`repl_redis_up{${label}pod="api"}`]: "1x10" }),
  ],
  [
    "its api has no Redis",
    "ReplApiCannotReachRedis",
    (label) => (isWell(label) ? up(label) : { [`repl_redis_up{${label}pod="api"}`]: "0x60" }),
  ],
  ["its jobs wait", "ReplStartsWaitTooLong", (label) => (isWell(label) ? {} : waiting(label))],
  [
    "its workers are gone, the other's are busy",
    "ReplNobodyTakesJobs",
    (label) => ({ ...waiting(label), ...(isWell(label) ? active(label) : {}) }),
  ],
  [
    "its workers are gone, the other's sweep",
    "ReplSweepsStopped",
    (label) => ({ ...up(label), ...(isWell(label) ? sweeping(label) : {}) }),
  ],
  [
    "half of its starts fail, those of the other are many and do not",
    "ReplStartsFail",
    (label) => ({
      ...attempts(label, "completed", "", isWell(label) ? "0+1000x60" : "0+1x60"),
      ...attempts(label, "failed", "image_pull_failed", isWell(label) ? "0x60" : "0+1x60"),
    }),
  ],
  ["its Redis is full", "ReplRedisMemoryNearlyFull", (label) => redisWith(label, isWell(label) ? 10 : 95)],
  [
    "one in ten of its requests is answered 5xx, those of the other are many and are not",
    "ReplApiErrors",
    (label) => ({
      ...up(label),
      ...answers(label, "200", isWell(label) ? "0+10000x60" : "0+90x60"),
      ...answers(label, "503", isWell(label) ? "0x60" : "0+10x60"),
    }),
  ],
];

const missing = whyNoPromtool();
if (missing !== undefined) console.warn(`Tests of what the alerts fire on are skipped: ${missing}`);

describe.skipIf(missing)("what Prometheus makes of the alerts", () => {
  const fires = async (alert: string, series: Record<string, string>, places: readonly Place[]) => {
    const { labels, annotations } = ruleOf(alert);
    const expected = places.map((place) => ({ labels: { ...labels, ...place }, annotations }));
    await testAlert(PATH, { series, alert, atMinute: 40, fires: expected });
  };

  it.each(ILLNESSES)("of two installations where %s: %s of that one alone", async (_what, alert, of) => {
    await fires(alert, inBoth(of), ILL);
  });

  it.each(ILLNESSES)("of one whose series have no namespace, where %s: %s", async (_what, alert, of) => {
    await fires(alert, alone(of), NAMELESS);
  });

  it.each(["ReplApiUnseen", "ReplSweepsStopped"])("%s where nothing is scraped at all", async (alert) => {
    await fires(alert, { 'up{job="another"}': "1x60" }, NAMELESS);
  });

  it.each(["ReplApiUnseen", "ReplSweepsStopped", "ReplApiErrors"])("not %s where all is well", async (alert) => {
    const well = (label: string) => ({ ...up(label), ...sweeping(label), ...answers(label, "200", "0+100x60") });
    await fires(alert, inBoth(well), []);
    await fires(alert, alone(well), []);
  });

  it("what another program answers is not the api's error", async () => {
    await fires("ReplApiErrors", { ...inBoth(up), ...answers('namespace="shop",', "500", "0+100x60") }, []);
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

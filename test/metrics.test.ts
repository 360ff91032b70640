import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { waitFor } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type System, startSystem } from "./support/system.ts";
import { openSimulator, type SimulatorTarget } from "./support/targets.ts";

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), "utf8");

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a process shows, in Prometheus' text format. */
function samplesOf(text: string): Sample[] {
  return [...text.matchAll(/^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/gim)].map(([, name = "", labels = "", value]) => ({
    name,
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, text]) => [label, text])),
    value: value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value),
  }));
}

type Labels = Readonly<Record<string, string>>;

/** All series of that name with those labels. */
function seriesOf(samples: readonly Sample[], name: string, labels: Labels): Sample[] {
  const fits = (sample: Sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value);
  return samples.filter((sample) => sample.name === name && fits(sample));
}

/** Their sum. @throws Error where there is none */
function sum(samples: readonly Sample[], name: string, labels: Labels = {}): number {
  const found = seriesOf(samples, name, labels);
  if (found.length === 0) throw new Error(`no series ${name} ${JSON.stringify(labels)}`);
  return found.reduce((total, { value }) => total + value, 0);
}

let target: SimulatorTarget;
let system: System;
beforeAll(async () => {
  target = await openSimulator();
  system = await startSystem(target, { env: { SWEEP_INTERVAL_SECONDS: "1" } });
});
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await target?.[Symbol.asyncDispose]();
});

const scrapeText = async (opsUrl = "") => (await fetch(`${opsUrl}/metrics`)).text();
const api = async () => samplesOf(await scrapeText(system.apis[0]?.opsUrl));
const worker = async () => samplesOf(await scrapeText(system.workers[0]?.opsUrl));

describe("metrics move with what happens", () => {
  test("a start, a failing start and a stop", async () => {
    const before = { api: await api(), worker: await worker() };
    const started = await system.ended(await system.submit("start", "metered"));
    const failed = await system.ended(await system.submit("start", "fail-image-metered"));
    const stopped = await system.ended(await system.submit("stop", "metered"));
    expect([started, failed, stopped].map(({ state }) => state)).toEqual(["completed", "failed", "completed"]);
    const ended = (samples: readonly Sample[]) => sum(samples, "repl_job_duration_seconds_count");
    const moved = await waitFor(
      async () => {
        const after = { api: await api(), worker: await worker() };
        return ended(after.worker) === ended(before.worker) + 3 && after;
      },
      { what: "three ended jobs to be counted" },
    );
    // Some series come to be with their first event.
    const by = (process: "api" | "worker", name: string, labels: Labels = {}) =>
      sum(moved[process], name, labels) -
      seriesOf(before[process], name, labels).reduce((total, { value }) => total + value, 0);

    expect(by("worker", "repl_attempts_total", { kind: "start", outcome: "completed" })).toBe(1);
    expect(by("worker", "repl_attempts_total", { kind: "start", outcome: "failed", code: "image_pull_failed" })).toBe(
      1,
    );
    expect(by("worker", "repl_attempts_total", { kind: "stop", outcome: "completed" })).toBe(1);
    expect(by("worker", "repl_job_duration_seconds_count", { kind: "start", outcome: "failed" })).toBe(1);
    const starts = by("worker", "repl_phase_duration_seconds_count", { kind: "start" });
    const early = ["queued", "applying"].map((phase) =>
      by("worker", "repl_phase_duration_seconds_count", { kind: "start", phase }),
    );
    expect(early).toEqual([2, 2]);
    // How many there are besides depends on how soon the pods go on; the jobs' own records say the same.
    const phases = [started, failed].flatMap((job) => job.phases.filter(({ phase }) => phase !== "done"));
    expect(starts).toBe(phases.length);
    expect(by("worker", "repl_phase_duration_seconds_count", { kind: "stop", phase: "deleting" })).toBe(1);
    const calls = "kube_call_duration_seconds_count";
    expect(by("worker", calls, { verb: "create", resource: "deployments", class: "ok" })).toBe(2);
    expect(by("worker", calls, { verb: "remove", resource: "services" })).toBe(2);
    expect(by("worker", "repl_phase_duration_seconds_sum", { kind: "start" })).toBeGreaterThan(0);

    expect(by("api", "repl_orders_total", { kind: "start", outcome: "accepted" })).toBe(2);
    expect(by("api", "repl_orders_total", { kind: "stop", outcome: "accepted" })).toBe(1);
    expect(by("api", "http_requests_total", { method: "POST", route: "/start", status: "202" })).toBe(2);
    expect(by("api", "http_request_duration_seconds_count", { route: "/stop" })).toBe(1);
    expect(by("api", "repl_queue_jobs", { state: "failed" })).toBe(1);
    expect(sum(moved.api, "repl_open_jobs")).toBe(0);
  });

  test("a start that is under way, and one that nobody takes", async () => {
    const held = target.simulator.faults.add({
      match: { verbs: ["create"], resources: ["deployments"] },
      effect: { kind: "hold" },
    });
    const jobId = await system.submit("start", "held");
    await waitFor(async () => sum(await worker(), "repl_active_jobs") === 1, { what: "the job to be under way" });
    expect(sum(await api(), "repl_queue_jobs", { state: "active" })).toBe(1);
    expect(sum(await api(), "repl_open_jobs")).toBe(1);
    target.simulator.faults.remove(held.id);
    await system.ended(jobId);
    await waitFor(async () => sum(await worker(), "repl_active_jobs") === 0, { what: "the job to have ended" });

    system.workers[0]?.kill("SIGSTOP");
    const waiting = await system.submit("start", "waiting");
    const waitMs = async () => sum(await api(), "repl_oldest_wait_seconds");
    const first = await waitFor(waitMs, { what: "a wait to be seen" });
    await waitFor(async () => (await waitMs()) > first, { what: "the wait to grow" });
    expect(sum(await api(), "repl_queue_jobs", { state: "prioritized" })).toBe(1);
    system.workers[0]?.kill("SIGCONT");
    await system.ended(waiting);
    await waitFor(async () => (await waitMs()) === 0, { what: "nothing to wait any more" });
  });

  test("watches and sweeps", async () => {
    const age = async () => sum(await worker(), "kube_watch_age_seconds", { kind: "Pod" });
    const first = await age();
    await waitFor(async () => (await age()) !== first, { what: "the watch's age to move" });
    expect(sum(await worker(), "kube_watch_up")).toBe(2);
    expect(sum(await worker(), "kube_watch_stale_seconds")).toBe(0);
    await waitFor(async () => sum(await worker(), "repl_sweeps_total") > 0, { what: "a sweep" });
  });
});

test("each process says in its log and by a metric which version it is", async () => {
  const { version } = JSON.parse(read("package.json"));
  const processes = [
    ["starting", await api(), system.apis[0]?.process],
    ["worker ready", await worker(), system.workers[0]],
  ] as const;
  for (const [msg, samples, process] of processes) {
    expect(sum(samples, "repl_build_info", { version })).toBe(1);
    const line = await process?.output.line(new RegExp(`.*"msg":"${msg}".*`));
    expect(JSON.parse(line?.[0] ?? "{}")).toMatchObject({ version });
  }
});

/** Metrics of a table of docs/operations.md, under a heading. */
function documented(heading: string): string[] {
  const [, section = ""] = read("docs/operations.md").split(`\n### ${heading}\n`);
  const [table = ""] = section.split("\n#");
  return [...table.matchAll(/^\| `(\w+)` \| .+ \|$/gm)].map(([, name = ""]) => name).sort();
}

test.each([
  ["Metrics of the api", () => scrapeText(system.apis[0]?.opsUrl)],
  ["Metrics of the workers", () => scrapeText(system.workers[0]?.opsUrl)],
])("docs/operations.md has under '%s' each metric, and no other", async (heading, scraped) => {
  const shown = [...(await scraped()).matchAll(/^# HELP (\w+) /gm)].map(([, name = ""]) => name);
  const own = shown.filter((name) => !/^(process|nodejs)_/.test(name)).sort();
  expect(own.length).toBeGreaterThan(5);
  expect(documented(heading)).toEqual(own);
});

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}
interface Dashboard {
  readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
}

const EXPRESSIONS = {
  "docs/monitoring/alerts.yaml": (parse(read("docs/monitoring/alerts.yaml")) as Rules).groups.flatMap(({ rules }) =>
    rules.map(({ expr }) => expr),
  ),
  "docs/monitoring/grafana-dashboard.json": (
    JSON.parse(read("docs/monitoring/grafana-dashboard.json")) as Dashboard
  ).panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
};

/** An expression's metrics with the labels it asks of each; what groups or joins is no metric. */
function askedBy(expression: string): { name: string; labels: string[] }[] {
  const plain = expression.replace(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, "").replace(/\[[^\]]*\]/g, "");
  return [...plain.matchAll(/\b([a-z]+_[a-z_]+)\b(?!\s*\()(?:\{([^}]*)\})?/g)]
    .filter(({ index }) => !/\{[^}]*$/.test(plain.slice(0, index)))
    .map(([, name = "", matchers = ""]) => ({
      name,
      labels: [...matchers.matchAll(/(\w+)\s*(?:=~?|!~|!=)/g)].map(([, label = ""]) => label),
    }));
}

test.each(Object.entries(EXPRESSIONS))("%s asks for metrics and labels that there are", async (_path, expressions) => {
  const samples = [...(await api()), ...(await worker())];
  const asked = expressions.flatMap(askedBy);
  expect(asked.length).toBeGreaterThanOrEqual(expressions.length);
  const missing = asked.filter(({ name, labels }) => {
    const own = labels.filter((label) => label !== "namespace"); // That one Prometheus sets.
    return !samples.some((sample) => sample.name === name && own.every((label) => label in sample.labels));
  });
  expect(missing).toEqual([]);
});

test("the dashboard shows the installation that is chosen, in every panel", () => {
  const asked = EXPRESSIONS["docs/monitoring/grafana-dashboard.json"].flatMap(askedBy);
  expect(asked.filter(({ labels }) => !labels.includes("namespace"))).toEqual([]);
});

test("the dashboard shows requests, queue, oldest wait, outcomes, codes, phases, calls, watches, Redis' memory and versions", () => {
  const shown = EXPRESSIONS["docs/monitoring/grafana-dashboard.json"].join("\n");
  for (const name of [
    ...["http_requests_total", "http_request_duration_seconds", "repl_queue_jobs", "repl_oldest_wait_seconds"],
    ...[
      "repl_orders_total",
      "repl_attempts_total",
      "by (code)",
      "repl_phase_duration_seconds",
      "repl_job_duration_seconds",
    ],
    ...["kube_call_duration_seconds", "kube_watch_age_seconds"],
    ...["repl_redis_memory_bytes", "repl_redis_memory_max_bytes", "count by (version) (repl_build_info{"],
  ])
    expect(shown).toContain(name);
});

import { FAILURES, JOB_KINDS, type JobKind, PHASES } from "@repl/contract";
import type { CallRecord, ReflectorStats } from "@repl/kube";
import { combinations } from "@repl/ops";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { SweepResult } from "./sweep.ts";

/** How an attempt ended: `retrying` and `queued` go on with another one, `cancelled` and `lost` were ended from outside. */
type AttemptOutcome = "completed" | "failed" | "retrying" | "queued" | "cancelled" | "lost";

/** What the worker counts. No label has a repl, a user or an address in it. */
export interface WorkerMetrics {
  /** An attempt has ended; `code` is that of its failure, empty where there was none. */
  readonly attemptEnded: (kind: JobKind, outcome: AttemptOutcome, code: string) => void;
  readonly phaseEnded: (kind: JobKind, phase: string, seconds: number) => void;
  /** A job has ended, so long after it was accepted. */
  readonly jobEnded: (kind: JobKind, outcome: "completed" | "failed", seconds: number) => void;
  readonly called: (call: Pick<CallRecord, "verb" | "resource" | "class" | "durationMs">) => void;
  readonly swept: (result: SweepResult) => void;
}

const CALL_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const JOB_SECONDS = [0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 21, 34, 60, 120, 300, 600];
const { done: _done, deleting: _deleting, ...START_PHASES } = PHASES;
const PHASES_OF = { start: Object.keys(START_PHASES), stop: ["queued", "deleting"] };
const ENDINGS = ["completed", "queued", "cancelled", "lost"] as const;

/** Adds the worker's metrics to a registry. */
export function createWorkerMetrics(registry: Registry): WorkerMetrics {
  const jobs = addJobMetrics(registry);
  const calls = new Histogram({
    name: "kube_call_duration_seconds",
    help: "Calls to the API server from being sent to the end of the answer; of a watch, until it is open.",
    labelNames: ["verb", "resource", "class"],
    buckets: CALL_SECONDS,
    registers: [registry],
  });
  const sweeps = new Counter({ name: "repl_sweeps_total", help: "Sweeps that were finished.", registers: [registry] });
  const findings = new Counter({
    name: "repl_sweep_findings_total",
    help: "What sweeps found and did about it.",
    labelNames: ["action"],
    registers: [registry],
  });
  const actions: (keyof SweepResult)[] = ["requeued", "start", "stop", "restore", "delete", "report"];
  for (const action of actions) findings.inc({ action }, 0);
  return {
    ...jobs,
    called: ({ verb, resource, class: outcome, durationMs }) =>
      calls.observe({ verb, resource, class: outcome }, durationMs / 1_000),
    swept: (result) => {
      sweeps.inc();
      for (const action of actions) findings.inc({ action }, result[action]);
    },
  };
}

function addJobMetrics(registry: Registry): Pick<WorkerMetrics, "attemptEnded" | "phaseEnded" | "jobEnded"> {
  const registers = [registry];
  const attempts = new Counter({
    name: "repl_attempts_total",
    help: "Attempts that ended here, with the code of docs/errors.md where they failed.",
    labelNames: ["kind", "outcome", "code"],
    registers,
  });
  const failed = { kind: JOB_KINDS, outcome: ["failed", "retrying"], code: Object.keys(FAILURES) };
  const others = { kind: JOB_KINDS, outcome: ENDINGS, code: [""] };
  for (const labels of [...combinations(failed), ...combinations(others)]) attempts.inc(labels, 0);
  const leases = new Counter({
    name: "repl_lease_losses_total",
    help: "Attempts that lost their repl to another worker, or were too slow to keep it.",
    registers,
  });
  const phases = new Histogram({
    name: "repl_phase_duration_seconds",
    help: "Time that jobs spent in each phase.",
    labelNames: ["kind", "phase"],
    buckets: JOB_SECONDS,
    registers,
  });
  const durations = new Histogram({
    name: "repl_job_duration_seconds",
    help: "From the acceptance of a job to its end; the difference between Redis' clock and this machine's is in it.",
    labelNames: ["kind", "outcome"],
    buckets: JOB_SECONDS,
    registers,
  });
  for (const labels of combinations({ kind: JOB_KINDS, outcome: ["completed", "failed"] })) durations.zero(labels);
  for (const kind of JOB_KINDS) for (const phase of PHASES_OF[kind]) phases.zero({ kind, phase });
  return {
    attemptEnded: (kind, outcome, code) => {
      attempts.inc({ kind, outcome, code });
      if (outcome === "lost") leases.inc();
    },
    phaseEnded: (kind, phase, seconds) => phases.observe({ kind, phase }, seconds),
    jobEnded: (kind, outcome, seconds) => durations.observe({ kind, outcome }, seconds),
  };
}

/** Adds gauges of the shared watches and of the jobs under way, read at each scrape. */
export function addWorkerGauges(
  registry: Registry,
  watches: () => Readonly<Record<string, ReflectorStats>>,
  activeJobs: () => number,
): void {
  const add = (name: string, help: string, value: (stats: ReflectorStats) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ["kind"],
      registers: [registry],
      collect() {
        for (const [kind, stats] of Object.entries(watches())) this.set({ kind }, value(stats));
      },
    });
  add("kube_watch_up", "Whether the watch is open.", ({ live }) => (live ? 1 : 0));
  add("kube_watch_stale_seconds", "Since when it is not; 0 while it is.", ({ staleForMs }) => staleForMs / 1_000);
  add("kube_watch_age_seconds", "Since its last event or bookmark.", ({ lastEventAgeMs }) => lastEventAgeMs / 1_000);
  add("kube_watch_restarts", "How often it was opened again since the start.", ({ restarts }) => restarts);
  add("kube_watch_relists", "How often all was listed again since the start.", ({ relists }) => relists);
  add("kube_watch_objects", "Resources that it holds.", ({ objects }) => objects);
  new Gauge({
    name: "repl_active_jobs",
    help: "Jobs under way in this worker.",
    registers: [registry],
    collect() {
      this.set(activeJobs());
    },
  });
}

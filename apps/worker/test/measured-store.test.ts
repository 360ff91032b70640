import { randomUUID } from "node:crypto";
import { createJobStore, Failure } from "@repl/contract";
import { createRegistry } from "@repl/ops";
import { useRedis } from "@repl/testkit/vitest";
import { expect, test } from "vitest";
import { measureStore } from "../src/measured-store.ts";
import { addWorkerGauges, createWorkerMetrics } from "../src/worker-metrics.ts";

const { redis } = await useRedis();

function setup() {
  const prefix = `{${randomUUID()}}`;
  const registry = createRegistry();
  const metrics = createWorkerMetrics(registry);
  const store = measureStore(createJobStore(redis, { prefix, firstBackoffMs: 0 }), metrics);
  const begin = async (kind: "start" | "stop", replId: string) => {
    const acceptance = await store.accept({ kind, replId, userId: "alice", jobId: randomUUID(), requestId: "r" });
    const lease = { jobId: (acceptance as { jobId: string }).jobId, replId, token: randomUUID() };
    await store.begin(lease.jobId, lease.token);
    return lease;
  };
  const value = async (series: string) => {
    const line = (await registry.metrics()).split("\n").find((text) => text.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.split(" ").at(-1));
  };
  return { prefix, registry, metrics, store, begin, value };
}

const attempts = (kind: string, outcome: string, code = "") =>
  `repl_attempts_total{kind="${kind}",outcome="${outcome}",code="${code}"}`;

test("every series is there before its first event", async () => {
  const { value } = setup();
  expect(await value(attempts("start", "failed", "image_pull_failed"))).toBe(0);
  expect(await value(attempts("stop", "completed"))).toBe(0);
  expect(await value('repl_phase_duration_seconds_count{kind="start",phase="pulling"}')).toBe(0);
  expect(await value('repl_job_duration_seconds_count{kind="start",outcome="completed"}')).toBe(0);
  expect(await value('repl_sweep_findings_total{action="delete"}')).toBe(0);
  expect(await value("repl_lease_losses_total")).toBe(0);
});

test("a start that is completed, phase by phase", async () => {
  const { store, begin, value } = setup();
  const lease = await begin("start", "demo");
  for (const phase of ["applying", "pulling", "pulling", "starting"] as const) await store.report(lease, { phase });
  await store.renew([lease]);
  await store.settle(lease, "completed", { phase: "done" });
  const counted = async (phase: string) => value(`repl_phase_duration_seconds_count{kind="start",phase="${phase}"}`);
  const phases = ["queued", "applying", "scheduling", "pulling", "starting", "done", "ended"];
  expect(await Promise.all(phases.map(counted))).toEqual([1, 1, 0, 1, 1, undefined, undefined]);
  expect(await value(attempts("start", "completed"))).toBe(1);
  expect(await value('repl_job_duration_seconds_count{kind="start",outcome="completed"}')).toBe(1);
});

test("a failure by its code, the attempts before it as well", async () => {
  const { store, begin, value } = setup();
  const first = await begin("start", "demo");
  const error = new Failure("cluster_unavailable").toJobError();
  await store.settle(first, "retrying", { error });
  const second = { ...first, token: randomUUID() };
  await store.begin(second.jobId, second.token);
  await store.settle(second, "failed", { error: new Failure("image_pull_failed").toJobError() });
  expect(await value(attempts("start", "retrying", "cluster_unavailable"))).toBe(1);
  expect(await value(attempts("start", "failed", "image_pull_failed"))).toBe(1);
  expect(await value('repl_phase_duration_seconds_count{kind="start",phase="queued"}')).toBe(1);
  expect(await value('repl_job_duration_seconds_count{kind="start",outcome="failed"}')).toBe(1);
});

test("an attempt that was cancelled or lost counts once, as that", async () => {
  const { store, begin, value, prefix } = setup();
  const cancelled = await begin("start", "one");
  await store.accept({ kind: "stop", replId: "one", userId: "alice", jobId: randomUUID(), requestId: "r" });
  expect(await store.renew([cancelled])).toEqual(["cancelled"]);
  expect(await store.settle(cancelled, "queued", {})).toBe("cancelled");
  const lost = await begin("start", "two");
  await redis.set(`${prefix}:lease:two`, "another");
  expect(await store.settle(lost, "queued", {})).toBe("lost");
  expect(await value(attempts("start", "cancelled"))).toBe(1);
  expect(await value(attempts("start", "lost"))).toBe(1);
  expect(await value(attempts("start", "queued"))).toBe(0);
  expect(await value("repl_lease_losses_total")).toBe(1);
});

test("an attempt that a renewal and its own settlement find lost in the same moment counts once", async () => {
  const { store, begin, value, prefix } = setup();
  const lost = await begin("start", "demo");
  await redis.set(`${prefix}:lease:demo`, "another");
  const heard = await Promise.all([store.renew([lost]), store.settle(lost, "queued", {})]);
  expect(heard).toEqual([["lost"], "lost"]);
  expect(await value(attempts("start", "lost"))).toBe(1);
  expect(await value("repl_lease_losses_total")).toBe(1);
});

test("calls by verb, resource and class; sweeps by what they found; watches as they are now", async () => {
  const { metrics, registry, value } = setup();
  metrics.called({ verb: "create", resource: "deployments", class: "ok", durationMs: 20 });
  metrics.swept({ requeued: 1, start: 0, stop: 2, restore: 0, delete: 0, report: 0 });
  const stats = {
    live: false,
    staleForMs: 1_500,
    lastEventAgeMs: Infinity,
    objects: 3,
    events: 9,
    restarts: 2,
    relists: 1,
  };
  addWorkerGauges(
    registry,
    () => ({ Pod: stats }),
    () => 4,
  );
  const call = 'kube_call_duration_seconds_bucket{le="0.025",verb="create",resource="deployments",class="ok"}';
  expect(await value(call)).toBe(1);
  expect(await value('repl_sweep_findings_total{action="stop"}')).toBe(2);
  expect(await value("repl_sweeps_total")).toBe(1);
  expect(await value('kube_watch_up{kind="Pod"}')).toBe(0);
  expect(await value('kube_watch_stale_seconds{kind="Pod"}')).toBe(1.5);
  expect(await value('kube_watch_restarts{kind="Pod"}')).toBe(2);
  expect(await value("repl_active_jobs")).toBe(4);
  expect(await registry.metrics()).toContain('kube_watch_age_seconds{kind="Pod"} +Inf');
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { waitFor } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Collector, startCollector } from "./support/collector.ts";
import type { ReceivedSpan } from "./support/otlp.ts";
import { type System, startSystem } from "./support/system.ts";
import { openSimulator, type SimulatorTarget } from "./support/targets.ts";

const SOON = { OTEL_BSP_SCHEDULE_DELAY: "50", SWEEP_INTERVAL_SECONDS: "3600" };
const CALLER = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const USER = "auth0|alice@example.com";

const on = (collector: Collector, more: Record<string, string> = {}) => ({
  TRACING: "otlp",
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
  ...SOON,
  ...more,
});

/** A trace as a tree: each span's name with those below it, in the order in which they began. */
function treeOf(spans: readonly ReceivedSpan[], parentId: string): unknown[] {
  return spans
    .filter((span) => span.parentId === parentId)
    .sort((one, other) => Number(one.startNs - other.startNs))
    .map(({ name, spanId }) => {
      const below = treeOf(spans, spanId);
      return below.length === 0 ? name : [name, ...below];
    });
}

const logged = (process: { output: { lines(): string[] } }) =>
  process.output.lines().map((line) => JSON.parse(line) as Record<string, unknown>);

describe("with tracing on", () => {
  let collector: Collector;
  let target: SimulatorTarget;
  let system: System;

  beforeAll(async () => {
    collector = await startCollector();
    target = await openSimulator();
    system = await startSystem(target, { env: on(collector) });
  });
  afterAll(async () => {
    await system?.[Symbol.asyncDispose]();
    await target?.[Symbol.asyncDispose]();
    await collector?.[Symbol.asyncDispose]();
  });

  async function order(kind: "start" | "stop", replId: string, headers: Record<string, string> = {}) {
    const response = await fetch(`${system.apis[0]?.url}/${kind}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ userId: USER, replId }),
    });
    expect(response.status).toBe(202);
    return ((await response.json()) as { jobId: string }).jobId;
  }

  /** All of the job's trace, once as many of its attempts as that have ended. */
  async function traceOf(jobId: string, attempts = 1): Promise<ReceivedSpan[]> {
    await system.ended(jobId);
    const { traceId } = await waitFor(
      () => {
        const ends = collector.spans.filter(
          ({ kind, attributes }) => kind === "consumer" && attributes["job.id"] === jobId,
        );
        return ends.length === attempts && ends[0];
      },
      { what: `${attempts} attempts of ${jobId} at the collector` },
    );
    const server = () => collector.spans.find((span) => span.traceId === traceId && span.kind === "server");
    await waitFor(server, { what: "the request's span" });
    return collector.spans.filter((span) => span.traceId === traceId);
  }

  const named = (spans: readonly ReceivedSpan[], name: string) => spans.filter((span) => span.name === name);

  test("a start is one trace below its caller's span, from the request to each call of the cluster", async () => {
    const jobId = await order("start", "traced", {
      traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01`,
      authorization: "Bearer canary-of-the-caller",
    });
    const spans = await traceOf(jobId);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([CALLER.traceId]));
    expect(treeOf(spans, CALLER.spanId)).toEqual([
      [
        "POST /start",
        [
          "send repls",
          [
            "process repls",
            "render",
            ["apply", "POST deployments", "POST services", "POST ingresses"],
            "wait until ready",
            "wait until answering",
          ],
        ],
      ],
    ]);

    const [server, producer, consumer] = ["POST /start", "send repls", "process repls"].map(
      (name) => named(spans, name)[0],
    );
    expect(server).toMatchObject({
      kind: "server",
      attributes: {
        "http.request.method": "POST",
        "http.route": "/start",
        "http.response.status_code": 202,
        "job.id": jobId,
      },
      resource: { "service.name": "repl-api" },
    });
    expect(producer).toMatchObject({
      kind: "producer",
      attributes: { "messaging.message.id": jobId, "repl.id": "traced" },
    });
    expect(consumer).toMatchObject({
      kind: "consumer",
      attributes: { "job.id": jobId, "job.kind": "start", "job.attempt": 1, "job.outcome": "completed" },
      resource: { "service.name": "repl-worker" },
    });
    for (const span of spans.filter(({ kind }) => kind === "client")) {
      expect(span).toMatchObject({
        attributes: { "http.request.method": "POST", "http.response.status_code": 201, "kube.verb": "create" },
        failed: false,
      });
    }
    expect(named(spans, "POST services")[0]?.attributes).toMatchObject({
      "kube.subject": "Service/traced",
      "server.address": "127.0.0.1",
    });
    expect(spans.every(({ startNs, endNs, failed }) => endNs >= startNs && !failed)).toBe(true);
  });

  test("log lines of both processes name the trace", async () => {
    const jobId = await order("start", "traced", { traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01` });
    await system.ended(jobId);
    const linesOfJob = () =>
      [system.apis[0]!.process, system.workers[0]!]
        .flatMap(logged)
        .filter((line) => line["jobId"] === jobId && line["method"] !== "GET");
    const sentences = ["start accepted", "request", "job completed"];
    const isWhole = () => sentences.every((msg) => linesOfJob().some((line) => line["msg"] === msg));
    // Lines are written some at a time.
    await waitFor(isWhole, { what: "both processes to have written their lines" });
    expect(linesOfJob().map(({ process, msg, traceId }) => ({ process, msg, traceId }))).toEqual(
      expect.arrayContaining([
        { process: "api", msg: "start accepted", traceId: CALLER.traceId },
        { process: "api", msg: "request", traceId: CALLER.traceId },
        { process: "worker", msg: "job completed", traceId: CALLER.traceId },
      ]),
    );
    expect(linesOfJob().every(({ traceId }) => traceId === CALLER.traceId)).toBe(true);
  });

  test("a failing start with tries, a second attempt and a clean-up stays one trace", async () => {
    const { faults } = target.simulator;
    faults.add({
      match: { verbs: ["create"], resources: ["deployments"] },
      times: 2,
      effect: { kind: "answer", status: 503 },
    });
    faults.add({ match: { verbs: ["create"], resources: ["services"] }, effect: { kind: "answer", status: 415 } });
    const jobId = await order("start", "fail-image-traced");
    const spans = await traceOf(jobId, 2);

    const attempts = named(spans, "process repls");
    const [producer] = named(spans, "send repls");
    expect(attempts.map(({ attributes, failed, parentId }) => ({ ...attributes, failed, parentId }))).toMatchObject([
      {
        "job.attempt": 1,
        "job.outcome": "retrying",
        "error.type": "internal_error",
        failed: true,
        parentId: producer?.spanId,
      },
      {
        "job.attempt": 2,
        "job.outcome": "failed",
        "error.type": "image_pull_failed",
        failed: true,
        parentId: producer?.spanId,
      },
    ]);
    const writes = named(spans, "POST deployments").map(({ attributes }) => [
      attributes["http.response.status_code"],
      attributes["http.request.resend_count"],
      attributes["error.type"],
    ]);
    expect(writes).toEqual([
      [503, undefined, "503"],
      [503, 1, "503"],
      [201, 2, undefined],
      [409, undefined, "409"],
    ]);
    const second = JSON.stringify(treeOf(spans, attempts[1]?.spanId ?? ""));
    expect(second).toMatch(/^\["render",\["apply",.*\],"wait until ready",\["gather evidence","GET .*\],\["clean up",/);
    expect(named(spans, "wait until ready")).toMatchObject([
      { failed: true, attributes: { "error.type": "image_pull_failed" } },
    ]);
  });

  test("a stop is a trace of its own, and a start that joins another points to that one's", async () => {
    const { faults } = target.simulator;
    const held = faults.add({ match: { verbs: ["create"], resources: ["deployments"] }, effect: { kind: "hold" } });
    const jobId = await order("start", "joined");
    expect(await order("start", "joined")).toBe(jobId);
    faults.remove(held.id);
    const started = await traceOf(jobId);
    const join = await waitFor(
      () =>
        collector.spans.find(
          ({ attributes }) => attributes["job.acceptance"] === "joined" && attributes["job.id"] === jobId,
        ),
      { what: "the second request's span" },
    );
    const [producer] = named(started, "send repls");
    expect(join.traceId).not.toBe(producer?.traceId);
    expect(join.links).toEqual([{ traceId: producer?.traceId, spanId: producer?.spanId }]);

    const stopped = await traceOf(await order("stop", "joined"));
    expect(stopped[0]?.traceId).not.toBe(producer?.traceId);
    const [consumer] = named(stopped, "process repls");
    const [render, stop, ...rest] = treeOf(stopped, consumer?.spanId ?? "") as [string, string[]];
    expect([render, rest]).toEqual(["render", []]);
    expect(stop[0]).toBe("stop");
    expect(stop.filter((name) => name.startsWith("DELETE"))).toHaveLength(3);
  });

  test("an unknown address and a refused body have a span each, without what the client chose", async () => {
    const url = system.apis[0]?.url ?? "";
    await fetch(`${url}/nothing/canary-path?canary-query=1`, { headers: { traceparent: "00-canary-canary-01" } });
    await fetch(`${url}/start`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
    const found = await waitFor(
      () =>
        collector.spans.find(
          ({ name, attributes }) => name === "GET" && attributes["http.response.status_code"] === 404,
        ),
      { what: "the unknown address' span" },
    );
    expect(found).toMatchObject({ parentId: "", kind: "server", failed: false });
    await waitFor(() => collector.spans.find(({ attributes }) => attributes["http.response.status_code"] === 400), {
      what: "the refused body's span",
    });
  });

  test("no span of all these holds a user, a token or an address that a client chose", () => {
    const text = JSON.stringify(collector.spans, (_key, value) => (typeof value === "bigint" ? String(value) : value));
    expect(collector.spans.length).toBeGreaterThan(30);
    for (const secret of ["alice", "example.com", "canary", target.simulator.token]) expect(text).not.toContain(secret);
  });
});

test("with a namespace for each user no span names the user, whose id is in the namespace's name", async () => {
  await using collector = await startCollector();
  await using target = await openSimulator();
  const perUser = { NAMESPACE_MODE: "per-user", USER_NAMESPACE_PREFIX: "of-", SWEEP_INTERVAL_SECONDS: "1" };
  await using system = await startSystem(target, { env: on(collector, perUser) });
  const order = async (kind: "start" | "stop", replId: string) => {
    const response = await system.post(`/${kind}`, { userId: "canary-user", replId });
    return system.ended(((await response.json()) as { jobId: string }).jobId);
  };
  expect((await order("start", "mine")).state).toBe("completed");
  expect((await order("start", "fail-crash-mine")).state).toBe("failed");
  expect((await order("stop", "mine")).state).toBe("completed");
  const find = (name: string) => collector.spans.filter((span) => span.name === name);
  await waitFor(() => find("DELETE deployments").length > 1 && find("sweep").length > 0, { what: "the last spans" });

  const { status } = await target.api.request("GET", "/api/v1/namespaces/of-canary-user");
  expect(status).toBe(200);
  const subjectsOf = (name: string) => find(name).map(({ attributes }) => attributes["kube.subject"]);
  expect(subjectsOf("POST namespaces")).toEqual([undefined]);
  expect(subjectsOf("POST deployments")).toEqual(["Deployment/mine", "Deployment/fail-crash-mine"]);
  expect(find("GET pods/log").length).toBeGreaterThan(0);
  const text = JSON.stringify(collector.spans, (_key, value) => (typeof value === "bigint" ? String(value) : value));
  expect(text).not.toContain("canary");
});

test("a job that lost its place in the queue is run in its own trace, to which the sweep's points", async () => {
  await using collector = await startCollector();
  await using target = await openSimulator();
  await using system = await startSystem(target, { workers: 0, env: on(collector, { SWEEP_INTERVAL_SECONDS: "1" }) });
  const jobId = await system.submit("start", "lost");
  await system.redis.command("DEL", `${system.prefix}:repls:${jobId}`, `${system.prefix}:repls:prioritized`);
  await system.startWorker();
  expect((await system.ended(jobId)).state).toBe("completed");
  const consumer = await waitFor(() => collector.spans.find(({ kind }) => kind === "consumer"), {
    what: "the attempt",
  });
  const own = await waitFor(() => collector.spans.find(({ kind }) => kind === "server"), { what: "the request" });
  const producer = collector.spans.find(({ spanId }) => spanId === consumer.parentId);
  expect(producer).toMatchObject({ kind: "producer", parentId: own.spanId });
  const again = await waitFor(
    () => collector.spans.find(({ kind, traceId }) => kind === "producer" && traceId !== own.traceId),
    { what: "the sweep's span" },
  );
  expect(again.links).toEqual([{ traceId: own.traceId, spanId: consumer.parentId }]);
});

test("a collector that refuses or keeps silent hurts no request and no end; the log says so, without its answer", async () => {
  await using collector = await startCollector();
  collector.behaviour = "refuse";
  await using target = await openSimulator();
  await using system = await startSystem(target, { env: on(collector, { SHUTDOWN_GRACE_SECONDS: "5" }) });
  expect((await system.ended(await system.submit("start", "first"))).state).toBe("completed");
  const processes = [system.apis[0]!.process, system.workers[0]!];
  for (const process of processes) {
    const line = await waitFor(() => logged(process).find(({ source }) => source === "traces"), {
      what: "the log to say so",
    });
    expect(line).toMatchObject({ level: "warn" });
    expect(JSON.stringify(line)).not.toContain("no thank you");
  }
  collector.behaviour = "silence";
  const before = collector.requests;
  expect((await system.ended(await system.submit("start", "second"))).state).toBe("completed");
  await waitFor(() => collector.requests > before, { what: "spans to be sent" });
  const startedMs = performance.now();
  const exits = await Promise.all(processes.map((process) => process.stop()));
  expect(exits.map(({ code }) => code)).toEqual([0, 0]);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

test("what was not sent yet is sent when a process ends", async () => {
  await using collector = await startCollector();
  await using target = await openSimulator();
  await using system = await startSystem(target, { env: on(collector, { OTEL_BSP_SCHEDULE_DELAY: "60000" }) });
  await system.ended(await system.submit("start", "late"));
  expect(collector.spans).toEqual([]);
  await Promise.all([system.apis[0]!.process.stop(), system.workers[0]!.stop()]);
  const names = new Set(collector.spans.map(({ name }) => name));
  expect([...names]).toEqual(expect.arrayContaining(["POST /start", "send repls", "process repls", "apply"]));
});

describe("OpenTelemetry's modules", () => {
  async function modulesOf(env: Record<string, string>) {
    await using target = await openSimulator();
    const lists = join(target.kubeconfigPath, "..", "modules");
    const preload = pathToFileURL(join(import.meta.dirname, "support/list-modules.mjs"));
    await using system = await startSystem(target, {
      env: { ...env, ...SOON, NODE_OPTIONS: `--import=${preload}`, MODULES_FILE: lists },
    });
    await system.ended(await system.submit("start", "repl"));
    await Promise.all([system.apis[0]!.process.stop(), system.workers[0]!.stop()]);
    return (await readFile(lists, "utf8")).split("\n");
  }

  test("are not loaded while tracing is off, and nothing is sent, whatever the standard variables say", async () => {
    await using collector = await startCollector();
    const modules = await modulesOf({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_TRACES_SAMPLER: "nonsense",
    });
    expect(modules.some((url) => url.endsWith("packages/ops/src/tracing/open-tracer.ts"))).toBe(true);
    // prom-client itself loads OpenTelemetry's empty interface, for its exemplars.
    const ours = modules.filter((url) => !url.includes("/@opentelemetry/api/"));
    expect(ours.filter((url) => /opentelemetry|otel-|tracing\/provider/.test(url))).toEqual([]);
    expect(collector.requests).toBe(0);
  });

  test("are loaded when it is on, which shows that the test above can tell", async () => {
    await using collector = await startCollector();
    const modules = await modulesOf(on(collector));
    expect(modules.some((url) => url.includes("@opentelemetry/sdk-trace"))).toBe(true);
    expect(collector.requests).toBeGreaterThan(0);
  });
});

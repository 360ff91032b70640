import type { JobStatus } from "@repl/contract";
import { listResources, waitFor } from "@repl/testkit";
import { missingTestCluster } from "@repl/testkit/vitest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type System, startSystem } from "../support/system.ts";
import { follow, followAll, startAll, tookMs, untilStatus } from "./support/jobs.ts";
import { openPrivateCluster, type PrivateCluster } from "./support/private-cluster.ts";
import { ownResources, pathsOf, threeOf } from "./support/resources.ts";
import { serviceAccountToken } from "./support/service-account.ts";
import { PLAIN_POD } from "./support/templates.ts";

const FINALIZER = "example.com/hold";

describe.skipIf(missingTestCluster())("what stands in a start's way on the real control plane", () => {
  let target: PrivateCluster;
  let system: System;

  beforeAll(async () => {
    // The limit of one write at a time counts for none but service accounts: administrators are exempt.
    target = await openPrivateCluster({
      apiserverFlags: ["--enable-priority-and-fairness=false", "--max-mutating-requests-inflight=1"],
      audit: "Metadata",
    });
    system = await startSystem(target, { env: { TEMPLATE_PATH: PLAIN_POD }, namespace: await target.namespace() });
  });
  afterAll(async () => {
    await system?.[Symbol.asyncDispose]();
    await target?.[Symbol.asyncDispose]();
  });

  const request = async (method: string, path: string, body?: unknown) => {
    const answer = await target.api.request(method, path, body);
    expect(answer.status, `${method} ${path}: ${answer.body?.message}`).toBeLessThan(300);
    return answer;
  };
  const namespacePath = () => `/api/v1/namespaces/${system.namespace}`;
  const start = async (replId: string) => follow(system, await system.submit("start", replId));
  const hold = (path: string, finalizers: readonly string[]) => request("PATCH", path, { metadata: { finalizers } });

  /** A failure that is told at once and after one attempt, and of which nothing stays. */
  const expectRefused = async (status: JobStatus, code: string, text: string, left: readonly string[] = []) => {
    expect(status).toMatchObject({ state: "failed", attempts: { made: 1 }, error: { code } });
    expect(status.message).toMatch(/^Failed to create resources: /);
    expect(status.message).toContain(text);
    expect(await listResources(target.api, system.namespace)).toEqual(left);
  };

  test("a resource on its way out: the start says that it waits, and completes when it is gone", async () => {
    const path = pathsOf(system.namespace, "leaving").Service;
    await start("leaving");
    await hold(path, [FINALIZER]);
    await request("DELETE", path);
    const before = await target.api.get(path);
    const jobId = await system.submit("start", "leaving");
    const waiting = await untilStatus(system, jobId, ({ message }) => message.includes("of an earlier run"));
    expect(waiting).toMatchObject({
      state: "active",
      phase: "applying",
      message: `Waiting for Service/${system.namespace}/leaving of an earlier run to go.`,
    });
    expect((await target.api.get(path)).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    await hold(path, []);
    const status = await follow(system, jobId);
    expect(status).toMatchObject({ state: "completed", attempts: { made: 1 } });
    expect(status.resources.map(({ kind, action }) => `${kind} ${action}`)).toEqual([
      "Deployment unchanged",
      "Service created",
      "Ingress unchanged",
    ]);
    expect((await target.api.get(path)).metadata.uid).not.toBe(before.metadata.uid);
    expect(await ownResources(target.api, system.namespace)).toEqual(threeOf("leaving"));
  });

  test("a resource that is held while the repl is stopped: the stop goes on until it is gone", async () => {
    const path = pathsOf(system.namespace, "leaving").Ingress;
    await hold(path, [FINALIZER]);
    const jobId = await system.submit("stop", "leaving");
    await waitFor(async () => (await ownResources(target.api, system.namespace)).length === 1, {
      what: "all but the held one to go",
    });
    expect(await system.status(jobId)).toMatchObject({ state: "active", phase: "deleting" });
    await hold(path, []);
    expect(await follow(system, jobId)).toMatchObject({ state: "completed", attempts: { made: 1 } });
    expect(await listResources(target.api, system.namespace)).toEqual([]);
  });

  test("a resource that never goes: delete_blocked at the deadline, naming what holds it", {
    timeout: 90_000,
  }, async () => {
    const env = { TEMPLATE_PATH: PLAIN_POD, START_TIMEOUT_SECONDS: "1" };
    await using impatient = await startSystem(target, { env, namespace: await target.namespace() });
    const path = pathsOf(impatient.namespace, "stuck").Service;
    const labels = { "app.kubernetes.io/managed-by": "repl-orchestrator", "repl-orchestrator.dev/repl": "stuck" };
    await request("POST", path.replace("/stuck", ""), {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        name: "stuck",
        labels: { ...labels, "repl-orchestrator.dev/user": "alice" },
        finalizers: [FINALIZER],
      },
      spec: { ports: [{ port: 80 }] },
    });
    await request("DELETE", path);
    const status = await follow(impatient, await impatient.submit("start", "stuck"));
    expect(status).toMatchObject({
      state: "failed",
      attempts: { made: 5, max: 5 },
      error: {
        code: "delete_blocked",
        retryable: true,
        details: { subject: `Service/${impatient.namespace}/stuck`, finalizers: [FINALIZER] },
      },
    });
    expect(status.message).toContain(`is held by the finalizers ${FINALIZER}`);
    // The Deployment went with the failed start; the Service that nobody lets go is all that is left.
    expect(await listResources(target.api, impatient.namespace)).toEqual(["Service/stuck"]);
    await hold(path, []);
  });

  const quota = (hard: Record<string, string>) => ({
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "none" },
    spec: { hard },
  });
  /** The quota counts from when its controller has looked at it. */
  const withQuota = async (hard: Record<string, string>, body: () => Promise<void>) => {
    const path = `${namespacePath()}/resourcequotas`;
    await request("POST", path, quota(hard));
    await waitFor(async () => (await target.api.get(`${path}/none`)).status?.hard !== undefined, {
      what: "the quota to count",
    });
    await body();
    await request("DELETE", `${path}/none`);
  };

  test("a quota of no pods: quota_exceeded within its grace, which the message tells", async () => {
    await withQuota({ pods: "0" }, async () => {
      const jobId = await system.submit("start", "no-pods");
      const waiting = await untilStatus(system, jobId, ({ message }) => message.includes("exceeded quota"));
      expect(waiting.message).toMatch(/Waiting up to \d+ s for this to change\.$/);
      const status = await follow(system, jobId);
      await expectRefused(
        status,
        "quota_exceeded",
        "exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0",
      );
      expect(status.error).toMatchObject({ retryable: true, details: { reason: "FailedCreate" } });
      expect(tookMs(status)).toBeLessThan(10_000);
    });
  });

  test("a quota of no Deployments: quota_exceeded at once", async () => {
    await withQuota({ "count/deployments.apps": "0" }, async () => {
      const status = await start("no-deployments");
      await expectRefused(status, "quota_exceeded", "exceeded quota: none, requested: count/deployments.apps=1");
      expect(status.error).toMatchObject({ retryable: true, details: { verb: "create", status: 403 } });
      expect(tookMs(status)).toBeLessThan(5_000);
    });
  });

  test("a pod that Pod Security refuses: pod_refused with its sentence", async () => {
    await request("PATCH", namespacePath(), {
      metadata: { labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    });
    const status = await start("insecure");
    await expectRefused(status, "pod_refused", 'violates PodSecurity "restricted:latest"');
    expect(status.error).toMatchObject({ retryable: false, details: { reason: "FailedCreate" } });
    expect(tookMs(status)).toBeLessThan(10_000);
    await request("PATCH", namespacePath(), {
      metadata: { labels: { "pod-security.kubernetes.io/enforce": "privileged" } },
    });
  });

  test("an API server that takes one write at a time: it turns many away, and every start completes all the same", {
    timeout: 60_000,
  }, async () => {
    const namespace = await target.namespace();
    await using limited = await target.as(await serviceAccountToken(target.api, namespace));
    const env = { TEMPLATE_PATH: PLAIN_POD, WORKER_CONCURRENCY: "30" };
    await using crowded = await startSystem(limited, { env, namespace });
    const replIds = Array.from({ length: 30 }, (_, index) => `crowd-${index}`);
    const ended = await followAll(crowded, await startAll(crowded, replIds));
    expect(ended.map(({ state, attempts }) => `${state} ${attempts.made}`)).toEqual(replIds.map(() => "completed 1"));
    expect(await ownResources(target.api, namespace)).toEqual(replIds.flatMap(threeOf).sort());
    const writes = (await target.cluster.auditEvents()).filter(
      ({ verb, requestURI }) =>
        verb === "create" && /\/(deployments|services|ingresses)\?/.test(requestURI) && requestURI.includes(namespace),
    );
    const answers = Map.groupBy(writes, ({ responseStatus }) => responseStatus?.code);
    expect([...answers.keys()].sort()).toEqual([201, 429]);
    expect(answers.get(201)).toHaveLength(90);
  });

  test("a namespace that is being deleted, and then is missing: said so at once", async () => {
    const configMap = `${namespacePath()}/configmaps`;
    await request("POST", configMap, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "hold", finalizers: [FINALIZER] },
    });
    await request("DELETE", namespacePath());
    const terminating = await start("late");
    const because = `unable to create new content in namespace ${system.namespace} because it is being terminated`;
    await expectRefused(terminating, "namespace_terminating", because, ["ConfigMap/hold"]);
    expect(terminating.error?.retryable).toBe(true);
    expect(tookMs(terminating)).toBeLessThan(5_000);

    await hold(`${configMap}/hold`, []);
    await waitFor(async () => (await target.api.request("GET", namespacePath())).status === 404, {
      what: "the namespace to be gone",
      timeoutMs: 25_000,
    });
    const missing = await start("too-late");
    await expectRefused(missing, "namespace_missing", `namespaces "${system.namespace}" not found`);
    expect(missing.error?.retryable).toBe(false);
    expect(tookMs(missing)).toBeLessThan(5_000);
  });
});

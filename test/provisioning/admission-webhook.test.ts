import { listResources, waitFor } from "@repl/testkit";
import { missingTestCluster } from "@repl/testkit/vitest";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type System, startSystem } from "../support/system.ts";
import { type AdmissionWebhook, startAdmissionWebhook } from "./support/admission-webhook.ts";
import { follow, tookMs, untilStatus } from "./support/jobs.ts";
import { openPrivateCluster, type PrivateCluster } from "./support/private-cluster.ts";
import { ownResources, pathsOf, threeOf } from "./support/resources.ts";
import { PLAIN_POD } from "./support/templates.ts";

describe.skipIf(missingTestCluster())("an admission webhook of the real control plane", () => {
  let target: PrivateCluster;
  let system: System;
  let webhook: AdmissionWebhook;

  beforeAll(async () => {
    target = await openPrivateCluster();
    const namespace = await target.namespace();
    system = await startSystem(target, { env: { TEMPLATE_PATH: PLAIN_POD }, namespace });
    webhook = await startAdmissionWebhook(target.api, namespace);
    // The API server learns of a new webhook within a second or so.
    const probe = { metadata: { generateName: "probe-" }, spec: { ports: [{ port: 80 }] } };
    const services = `/api/v1/namespaces/${namespace}/services?dryRun=All`;
    await waitFor(
      async () => {
        await target.api.request("POST", services, probe);
        return webhook.asked("Service") > 0;
      },
      { what: "the webhook to be asked" },
    );
  });
  afterAll(async () => {
    await webhook?.[Symbol.asyncDispose]();
    await system?.[Symbol.asyncDispose]();
    await target?.[Symbol.asyncDispose]();
  });
  beforeEach(() => webhook.opine(() => ({ allowed: true })));

  const start = async (replId: string) => follow(system, await system.submit("start", replId));

  test("denies: policy_refused at once with its sentence, and nothing stays", async () => {
    webhook.opine(({ kind }) => ({ allowed: kind !== "Service", message: "Services need a cost centre" }));
    const status = await start("denied");
    expect(status).toMatchObject({
      state: "failed",
      attempts: { made: 1 },
      error: { code: "policy_refused", retryable: false, details: { verb: "create", status: 400 } },
    });
    expect(status.message).toContain(
      `Service/${system.namespace}/denied: admission webhook "opinion.example.com" denied the request: Services need a cost centre`,
    );
    expect(tookMs(status)).toBeLessThan(5_000);
    expect(webhook.asked("Service")).toBe(1);
    expect(await listResources(target.api, system.namespace)).toEqual([]);
  });

  test("times out: the start says what it waits for, and completes when it answers", async () => {
    webhook.opine(({ kind }) => (kind === "Service" && webhook.asked(kind) < 4 ? "hang" : { allowed: true }));
    const jobId = await system.submit("start", "slow");
    const waiting = await untilStatus(system, jobId, ({ message }) => message.includes("opinion.example.com"));
    expect(waiting).toMatchObject({ state: "active", phase: "applying", attempts: { made: 1 } });
    expect(waiting.message).toMatch(
      /^Waiting for the cluster, which does not accept Service\/.+ yet: .*failed calling webhook "opinion\.example\.com"/,
    );
    const status = await follow(system, jobId);
    expect(status).toMatchObject({ state: "completed", attempts: { made: 1 } });
    expect(status.resources.map(({ action }) => action)).toEqual(["created", "created", "created"]);
    expect(await ownResources(target.api, system.namespace)).toEqual(threeOf("slow"));
  });

  test("mutates: what it put in stays, and no start fights with it", async () => {
    const patch = [
      { op: "add", path: "/metadata/annotations/example.com~1seen", value: "yes" },
      { op: "replace", path: "/spec/template/spec/containers/0/image", value: "mirror.example.com/runner:1" },
    ];
    webhook.opine(({ kind }) => ({ allowed: true, ...(kind === "Deployment" ? { patch } : {}) }));
    expect(await start("changed")).toMatchObject({ state: "completed", attempts: { made: 1 } });
    const path = pathsOf(system.namespace, "changed").Deployment;
    // Its status may still be written; the spec's generation tells writes of ours.
    const before = await target.api.get(path);
    expect(before.metadata.annotations).toMatchObject({ "example.com/seen": "yes" });
    expect(before.spec.template.spec.containers[0].image).toBe("mirror.example.com/runner:1");

    const again = await start("changed");
    expect(again).toMatchObject({ state: "completed", attempts: { made: 1 } });
    expect(again.resources.map(({ action }) => action)).toEqual(["unchanged", "unchanged", "unchanged"]);
    const after = await target.api.get(path);
    expect(after.metadata.generation).toBe(before.metadata.generation);
    expect(after.metadata.uid).toBe(before.metadata.uid);
  });
});

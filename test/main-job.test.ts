import { listResources } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type System, startSystem } from "./support/system.ts";
import { TARGETS, type Target } from "./support/targets.ts";

const PATHS = {
  Deployment: (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments/repl123`,
  Service: (namespace: string) => `/api/v1/namespaces/${namespace}/services/repl123`,
  Ingress: (namespace: string) => `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/repl123-ingress`,
};

describe.each(TARGETS)("on the $name", ({ missing, open }) => {
  describe.skipIf(missing())("the main job", () => {
    let target: Target;
    let system: System;

    beforeAll(async () => {
      target = await open();
      system = await startSystem(target);
    });
    afterAll(async () => {
      await system?.[Symbol.asyncDispose]();
      await target?.[Symbol.asyncDispose]();
    });

    const live = () => Promise.all(Object.values(PATHS).map((path) => target.api.get(path(system.namespace))));

    test("a start reaches a running workspace: three resources, both addresses", async () => {
      const response = await system.post("/start", { userId: "alice", replId: "repl123" });
      expect(response.status).toBe(202);
      const accepted = (await response.json()) as { jobId: string; statusUrl: string };
      expect(response.headers.get("location")).toBe(`/jobs/${accepted.jobId}`);
      expect(response.headers.get("retry-after")).toBe("1");

      const status = await system.ended(accepted.jobId);
      expect(status).toMatchObject({
        state: "completed",
        phase: "done",
        progress: 100,
        error: null,
        urls: ["http://repl123.peetcode.com", "http://repl123.autogpt-cloud.com"],
        attempts: { made: 1, max: 5 },
      });
      expect(status.message).toMatch(/^Resources created successfully/);
      expect(status.resources.map(({ kind, name, action, ready }) => ({ kind, name, action, ready }))).toEqual([
        { kind: "Deployment", name: "repl123", action: "created", ready: true },
        { kind: "Service", name: "repl123", action: "created", ready: true },
        { kind: "Ingress", name: "repl123-ingress", action: "created", ready: true },
      ]);
    });

    test("the cluster holds exactly the template's three, labelled, and owned by the Deployment", async () => {
      const subjects = await listResources(target.api, system.namespace);
      expect(subjects.filter((subject) => !/^(Pod|ReplicaSet)\//.test(subject))).toEqual([
        "Deployment/repl123",
        "Ingress/repl123-ingress",
        "Service/repl123",
      ]);
      const [deployment, service, ingress] = await live();
      for (const { metadata } of [deployment, service, ingress]) {
        expect(metadata.labels).toMatchObject({
          "app.kubernetes.io/managed-by": "repl-orchestrator",
          "repl-orchestrator.dev/repl": "repl123",
          "repl-orchestrator.dev/user": "alice",
          "repl-orchestrator.dev/generation": "1",
        });
      }
      for (const { metadata } of [service, ingress])
        expect(metadata.ownerReferences[0].uid).toBe(deployment.metadata.uid);
      const { initContainers } = deployment.spec.template.spec;
      expect(initContainers[0].args[0]).toContain("aws s3 cp s3://repl/code/repl123/ /workspace/ --recursive");
    });

    test("a second start says unchanged and changes no resourceVersion", async () => {
      const versions = async () =>
        (await live()).map(({ metadata, status }) => [
          metadata.uid,
          metadata.resourceVersion,
          status?.observedGeneration,
        ]);
      const before = await versions();
      const status = await system.ended(await system.submit("start", "repl123"));
      expect(status.state).toBe("completed");
      expect(status.resources.map(({ action }) => action)).toEqual(["unchanged", "unchanged", "unchanged"]);
      expect(await versions()).toEqual(before);
    });

    test("what somebody changed by hand is put right by the next start", async () => {
      const path = PATHS.Service(system.namespace);
      const before = await target.api.get(path);
      await target.api.request("PATCH", path, { spec: { ports: [{ name: "ws", port: 9999, targetPort: 3001 }] } });
      const status = await system.ended(await system.submit("start", "repl123"));
      expect(status.resources.map(({ kind, action }) => `${kind} ${action}`)).toEqual([
        "Deployment unchanged",
        "Service updated",
        "Ingress unchanged",
      ]);
      const after = await target.api.get(path);
      expect(after.spec.ports.map(({ port }: { port: number }) => port)).toEqual([3001, 3000]);
      expect(after.spec.clusterIP).toBe(before.spec.clusterIP);
    });

    test("a stop removes all of it, pods included, and a second stop succeeds as well", async () => {
      const status = await system.ended(await system.submit("stop", "repl123"));
      expect(status).toMatchObject({ kind: "stop", state: "completed", message: "Resources deleted successfully." });
      expect(status.resources.map(({ action }) => action)).toEqual(["deleted", "deleted", "deleted"]);
      expect(await listResources(target.api, system.namespace)).toEqual([]);

      const again = await system.ended(await system.submit("stop", "repl123"));
      expect(again.state).toBe("completed");
      expect(again.resources.map(({ action }) => action)).toEqual(["absent", "absent", "absent"]);
    });

    test("a start right after a stop follows it: a new generation, new resources", async () => {
      await system.ended(await system.submit("start", "repl123"));
      const [before] = await live();
      const stop = await system.submit("stop", "repl123");
      const start = await system.submit("start", "repl123");
      expect((await system.ended(stop)).state).toBe("completed");
      const status = await system.ended(start);
      expect(status.state).toBe("completed");
      expect(status.resources.map(({ action }) => action)).toEqual(["created", "created", "created"]);
      const [after] = await live();
      expect(after.metadata.uid).not.toBe(before.metadata.uid);
      await system.ended(await system.submit("stop", "repl123"));
    });

    test("a stop during a start ends the start as cancelled and leaves nothing", async () => {
      // A namespace without room holds the start in its wait.
      const quota = {
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: { name: "none" },
        spec: { hard: { pods: "0" } },
      };
      const quotas = `/api/v1/namespaces/${system.namespace}/resourcequotas`;
      expect((await target.api.request("POST", quotas, quota)).status).toBe(201);
      const start = await system.submit("start", "repl123");
      await expect.poll(async () => (await system.status(start)).phase, { timeout: 10_000 }).toBe("scheduling");
      const stop = await system.ended(await system.submit("stop", "repl123"));
      expect(stop.state).toBe("completed");
      expect((await system.status(start)).state).toBe("cancelled");
      await target.api.request("DELETE", `${quotas}/none`);
      expect(await listResources(target.api, system.namespace)).toEqual([]);
    });

    test("a resource of the same name made by someone else: the start fails at once and it stays as it is", async () => {
      const path = PATHS.Service(system.namespace);
      const foreign = {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "repl123" },
        spec: { ports: [{ port: 80 }] },
      };
      await target.api.request("POST", path.replace("/repl123", ""), foreign);
      const before = await target.api.get(path);
      const status = await system.ended(await system.submit("start", "repl123"));
      expect(status).toMatchObject({ state: "failed", error: { code: "resource_conflict", retryable: false } });
      expect(status.message).toMatch(/^Failed to create resources: .*Service\/.*\/repl123/);
      expect(status.attempts.made).toBe(1);
      expect((await target.api.get(path)).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
      expect(await listResources(target.api, system.namespace)).toEqual(["Service/repl123"]);
      await target.api.request("DELETE", path);
    });
  });
});

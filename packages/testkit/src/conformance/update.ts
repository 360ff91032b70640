import { expect, test } from "vitest";
import { configMap, deployment, ingress, service } from "./objects.ts";
import type { Part } from "./suite.ts";

const MERGE = "application/merge-patch+json";

export const updating: Part = (withCluster) => {
  test(
    "a replacement with an old resourceVersion is 409 Conflict",
    withCluster(async ({ create, call, path }) => {
      const made = await create("configmaps", configMap("a"));
      const first = await call("PUT", path("configmaps", "a"), { body: { ...made, data: { a: "2" } } });
      expect(first.status).toBe(200);
      const second = await call("PUT", path("configmaps", "a"), { body: { ...made, data: { a: "3" } } });
      expect(second.status).toBe(409);
      expect(second.json).toMatchObject({
        reason: "Conflict",
        message:
          'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
        details: { name: "a", kind: "configmaps" },
      });
    }),
  );

  test(
    "a replacement without a resourceVersion overwrites",
    withCluster(async ({ create, call, path }) => {
      await create("configmaps", configMap("a"));
      const reply = await call("PUT", path("configmaps", "a"), { body: configMap("a", { b: "2" }) });
      expect(reply.status).toBe(200);
      expect(reply.json.data).toEqual({ b: "2" });
    }),
  );

  test(
    "replacing what is not there is 404, another name 400, another uid 409",
    withCluster(async ({ create, call, path }) => {
      const none = await call("PUT", path("configmaps", "none"), { body: configMap("none") });
      expect(none.status).toBe(404);
      await create("configmaps", configMap("a"));
      const named = await call("PUT", path("configmaps", "a"), { body: configMap("b") });
      expect(named.status).toBe(400);
      const stranger = configMap("a", {}, { uid: "11111111-1111-1111-1111-111111111111" });
      const other = await call("PUT", path("configmaps", "a"), { body: stranger });
      expect(other.status).toBe(409);
      expect(other.json.message).toContain("UID in precondition: 11111111-1111-1111-1111-111111111111");
    }),
  );

  test(
    "a write that changes nothing keeps the resourceVersion",
    withCluster(async ({ create, call, path, get }) => {
      await create("configmaps", configMap("a"));
      const before = (await get("configmaps", "a")).json;
      const put = await call("PUT", path("configmaps", "a"), { body: before });
      expect(put.json.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
      const patch = await call("PATCH", path("configmaps", "a"), { contentType: MERGE, body: { data: { a: "1" } } });
      expect(patch.status).toBe(200);
      expect(patch.json.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    }),
  );
};

export const keeping: Part = (withCluster) => {
  test(
    "generation counts changes of the spec, not of metadata or status",
    withCluster(async ({ create, call, path }) => {
      await create("ingresses", ingress("web"));
      const to = path("ingresses", "web");
      const labelled = await call("PATCH", to, { contentType: MERGE, body: { metadata: { labels: { a: "b" } } } });
      expect(labelled.json.metadata.generation).toBe(1);
      const status = { loadBalancer: { ingress: [{ ip: "10.1.2.3" }] } };
      const shown = await call("PATCH", `${to}/status`, { contentType: MERGE, body: { status } });
      expect(shown.json.metadata.generation).toBe(1);
      const changed = await call("PATCH", to, { contentType: MERGE, body: { spec: { ingressClassName: "x" } } });
      expect(changed.json.metadata.generation).toBe(2);
      expect(changed.json.status).toEqual(status);
    }),
  );

  test(
    "status is written through its subresource alone, and nothing else is",
    withCluster(async ({ create, call, path }) => {
      const made = await create("ingresses", {
        ...ingress("web"),
        status: { loadBalancer: { ingress: [{ ip: "1.1.1.1" }] } },
      });
      expect(made.status).toEqual({ loadBalancer: {} });
      const to = path("ingresses", "web");
      const ignored = await call("PATCH", to, {
        contentType: MERGE,
        body: { status: { loadBalancer: { ingress: [{ ip: "1.1.1.1" }] } } },
      });
      expect(ignored.json.status).toEqual({ loadBalancer: {} });
      const status = { loadBalancer: { ingress: [{ ip: "2.2.2.2" }] } };
      const written = await call("PUT", `${to}/status`, {
        body: { ...ignored.json, spec: { ...ignored.json.spec, ingressClassName: "x" }, status },
      });
      expect(written.status).toBe(200);
      expect(written.json.status).toEqual(status);
      expect(written.json.spec).not.toHaveProperty("ingressClassName");
      const read = await call("GET", `${to}/status`);
      expect(read.json.status).toEqual(status);
    }),
  );

  test(
    "a kind without status has no such subresource",
    withCluster(async ({ create, call, path }) => {
      await create("configmaps", configMap("a"));
      expect((await call("GET", `${path("configmaps", "a")}/status`)).status).toBe(404);
    }),
  );

  test(
    "a Deployment's selector is immutable: 422",
    withCluster(async ({ create, call, path }) => {
      await create("deployments", deployment("web", { replicas: 0 }));
      const labels = { app: "other" };
      const next = deployment("web", { replicas: 0, selector: { matchLabels: labels } });
      next.spec.template.metadata.labels = labels;
      const reply = await call("PUT", path("deployments", "web"), { body: next });
      expect(reply.status).toBe(422);
      expect(reply.json.message).toBe(
        'Deployment.apps "web" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable',
      );
      expect(reply.json.details.causes).toEqual([
        {
          reason: "FieldValueInvalid",
          message: 'Invalid value: {"matchLabels":{"app":"other"}}: field is immutable',
          field: "spec.selector",
        },
      ]);
    }),
  );

  test(
    "a Service keeps its cluster IP, and another one is 422",
    withCluster(async ({ create, call, path }) => {
      const made = await create("services", service("web"));
      const kept = await call("PUT", path("services", "web"), { body: service("web", { ports: [{ port: 81 }] }) });
      expect(kept.status).toBe(200);
      expect(kept.json.spec.clusterIP).toBe(made.spec.clusterIP);
      const moved = await call("PUT", path("services", "web"), { body: service("web", { clusterIP: "10.0.255.254" }) });
      expect(moved.status).toBe(422);
      expect(moved.json.message).toBe(
        'Service "web" is invalid: spec.clusterIPs[0]: Invalid value: ["10.0.255.254"]: may not change once set',
      );
    }),
  );

  test(
    "patches: merge removes with null, JSON patch tests, a stale resourceVersion is 409",
    withCluster(async ({ create, call, path }) => {
      const made = await create("configmaps", configMap("a", { a: "1", b: "2" }));
      const to = path("configmaps", "a");
      const merged = await call("PATCH", to, { contentType: MERGE, body: { data: { a: null, c: "3" } } });
      expect(merged.json.data).toEqual({ b: "2", c: "3" });
      const json = "application/json-patch+json";
      const replaced = await call("PATCH", to, {
        contentType: json,
        body: [
          { op: "test", path: "/data/b", value: "2" },
          { op: "replace", path: "/data/b", value: "4" },
        ],
      });
      expect(replaced.json.data).toEqual({ b: "4", c: "3" });
      const failed = await call("PATCH", to, {
        contentType: json,
        body: [{ op: "test", path: "/data/b", value: "2" }],
      });
      expect(failed.status).toBe(422);
      const { resourceVersion } = made.metadata;
      const stale = await call("PATCH", to, { contentType: MERGE, body: { metadata: { resourceVersion } } });
      expect(stale.status).toBe(409);
      expect((await call("PATCH", to, { contentType: "application/json", body: {} })).status).toBe(415);
      expect((await call("PATCH", path("configmaps", "none"), { contentType: MERGE, body: {} })).status).toBe(404);
    }),
  );

  test(
    "a strategic merge patch merges containers by name",
    withCluster(async ({ create, call, path }) => {
      await create("deployments", deployment("web", { replicas: 0 }));
      const reply = await call("PATCH", path("deployments", "web"), {
        contentType: "application/strategic-merge-patch+json",
        body: { spec: { template: { spec: { containers: [{ name: "side", image: "busybox:1" }] } } } },
      });
      expect(reply.status).toBe(200);
      const names = reply.json.spec.template.spec.containers.map((each: { name: string }) => each.name);
      expect(names.toSorted()).toEqual(["main", "side"]);
    }),
  );
};

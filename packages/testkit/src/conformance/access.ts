import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { eventually, openCluster } from "./cluster.ts";
import { call } from "./http.ts";
import { configMap } from "./objects.ts";
import type { Part } from "./suite.ts";

export const discovering: Part = (withCluster, getTarget) => {
  test("version, health and the lists of resources", async () => {
    const target = await getTarget();
    const version = await call(target, "GET", "/version");
    expect(version.json).toMatchObject({ major: "1" });
    for (const path of ["/livez", "/readyz"]) expect((await call(target, "GET", path)).text).toBe("ok");
    const apps = await call(target, "GET", "/apis/apps/v1");
    expect(apps.json.kind).toBe("APIResourceList");
    const found = apps.json.resources.find((each: { name: string }) => each.name === "deployments");
    expect(found).toMatchObject({ kind: "Deployment", namespaced: true, shortNames: ["deploy"] });
    const groups = (await call(target, "GET", "/apis")).json.groups.map((each: { name: string }) => each.name);
    expect(groups).toEqual(expect.arrayContaining(["apps", "batch", "networking.k8s.io"]));
  });

  test("an unknown group is 404 in plain text, an unknown resource 404 as a Status", async () => {
    const target = await getTarget();
    const group = await call(target, "GET", "/apis/nothing.example.com/v1/things");
    expect(group.status).toBe(404);
    expect(group.headers["content-type"]).toContain("text/plain");
    expect(group.text.trim()).toBe("404 page not found");
    const resource = await call(target, "GET", "/apis/apps/v1/things");
    expect(resource.status).toBe(404);
    expect(resource.json).toMatchObject({
      reason: "NotFound",
      message: "the server could not find the requested resource",
    });
  });

  test(
    "a method that a resource has not is 405, a format it cannot give 406",
    withCluster(async ({ call: ask, path }) => {
      expect((await ask("PUT", path("configmaps"), { body: configMap("a") })).status).toBe(405);
      expect((await ask("GET", path("configmaps"), { accept: "text/html" })).status).toBe(406);
    }),
  );

  test(
    "rows for printing on request",
    withCluster(async ({ call: ask, create, path }) => {
      await create("configmaps", configMap("printed"));
      const accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
      const { json } = await ask("GET", path("configmaps"), { accept });
      expect(json.kind).toBe("Table");
      const names = json.rows.map((row: { cells: unknown[] }) => row.cells[0]);
      expect(names).toContain("printed");
      expect(json.columnDefinitions[0].name).toBe("Name");
    }),
  );

  test(
    "a create answers the metadata alone on request",
    withCluster(async ({ call: ask, path }) => {
      const accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json";
      const body = configMap("described");
      const { status, json } = await ask("POST", path("configmaps"), { body, accept });
      expect(status).toBe(201);
      expect(json).toEqual({
        kind: "PartialObjectMetadata",
        apiVersion: "meta.k8s.io/v1",
        metadata: expect.objectContaining({ name: "described", uid: expect.any(String) }),
      });
      const again = await ask("POST", path("configmaps"), { body, accept });
      expect([again.status, again.json.kind, again.json.reason]).toEqual([409, "Status", "AlreadyExists"]);
    }),
  );
};

export const guarding: Part = (_withCluster, getTarget) => {
  test("an unknown token is 401, none at all 403 for the anonymous user", async () => {
    const target = await getTarget();
    const unknown = await call(target, "GET", "/api/v1/namespaces/default/pods", { token: "wrong" });
    expect(unknown.status).toBe(401);
    expect(unknown.json).toMatchObject({ reason: "Unauthorized", message: "Unauthorized", code: 401 });
    const none = await call(target, "POST", "/apis/apps/v1/namespaces/default/deployments", { token: null, body: {} });
    expect(none.status).toBe(403);
    expect(none.json).toMatchObject({
      reason: "Forbidden",
      message:
        'deployments.apps is forbidden: User "system:anonymous" cannot create resource "deployments" in API group "apps" in the namespace "default"',
      details: { group: "apps", kind: "deployments" },
    });
  });
};

export const namespacing: Part = (withCluster, getTarget) => {
  test("a missing namespace is 404, and the namespace is what is missing", async () => {
    const target = await getTarget();
    const name = `missing-${randomBytes(4).toString("hex")}`;
    const reply = await call(target, "POST", `/api/v1/namespaces/${name}/configmaps`, { body: configMap("a") });
    expect(reply.status).toBe(404);
    expect(reply.json).toMatchObject({
      reason: "NotFound",
      message: `namespaces "${name}" not found`,
      details: { name, kind: "namespaces" },
    });
  });

  test(
    "a namespace has a default service account and its own name as a label",
    withCluster(async ({ call: ask, namespace }) => {
      const { json } = await ask("GET", `/api/v1/namespaces/${namespace}`);
      expect(json.status.phase).toBe("Active");
      expect(json.metadata.labels["kubernetes.io/metadata.name"]).toBe(namespace);
    }),
  );

  test("a namespace that is being deleted takes no new content, lets updates pass, and goes when it is empty", async () => {
    const target = await getTarget();
    const cluster = await openCluster(target);
    const { namespace, path, call: ask } = cluster;
    const finalizers = ["conformance.example.com/hold"];
    await cluster.create("configmaps", configMap("held", {}, { finalizers }));
    const deleted = await ask("DELETE", `/api/v1/namespaces/${namespace}`);
    expect(deleted.status).toBe(200);
    expect(deleted.json.status.phase).toBe("Terminating");
    const refused = await eventually(
      () => ask("POST", path("configmaps"), { body: configMap("new", {}, { finalizers }) }),
      ({ status }) => status === 403,
    );
    expect(refused.json.message).toBe(
      `configmaps "new" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
    );
    expect(refused.json.details.causes).toEqual([
      {
        reason: "NamespaceTerminating",
        message: `namespace ${namespace} is being terminated`,
        field: "metadata.namespace",
      },
    ]);
    const merge = "application/merge-patch+json";
    const updated = await ask("PATCH", path("configmaps", "held"), { contentType: merge, body: { data: { x: "1" } } });
    expect(updated.status).toBe(200);
    const release = () =>
      ask("PATCH", path("configmaps", "held"), { contentType: merge, body: { metadata: { finalizers: null } } });
    await release();
    await eventually(
      () => ask("GET", `/api/v1/namespaces/${namespace}`),
      ({ status }) => status === 404,
      60_000,
    );
  });
};

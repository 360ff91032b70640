import { expect, test } from "vitest";
import type { TestCluster } from "./cluster.ts";
import { configMap, deployment } from "./objects.ts";
import type { Part } from "./suite.ts";
import type { Reply } from "./target.ts";

type Applied = ReturnType<typeof configMap> | ReturnType<typeof deployment>;

const apply = (cluster: TestCluster, object: Applied, query: string): Promise<Reply> =>
  cluster.call(
    "PATCH",
    `${cluster.path(object.kind === "ConfigMap" ? "configmaps" : "deployments", object.metadata.name)}?${query}`,
    { contentType: "application/apply-patch+yaml", body: object },
  );

export const applying: Part = (withCluster) => {
  test(
    "apply creates (201), repeats without a trace (200), and updates",
    withCluster(async (cluster) => {
      const first = await apply(cluster, configMap("a", { x: "1" }), "fieldManager=one");
      expect(first.status).toBe(201);
      expect(first.json.metadata.managedFields).toMatchObject([
        { manager: "one", operation: "Apply", fieldsV1: { "f:data": { "f:x": {} } } },
      ]);
      const again = await apply(cluster, configMap("a", { x: "1" }), "fieldManager=one");
      expect(again.status).toBe(200);
      expect(again.json.metadata.resourceVersion).toBe(first.json.metadata.resourceVersion);
      const changed = await apply(cluster, configMap("a", { y: "2" }), "fieldManager=one");
      expect(changed.json.data).toEqual({ y: "2" });
    }),
  );

  test(
    "a field of another manager is 409 with cause FieldManagerConflict, and can be forced",
    withCluster(async (cluster) => {
      await apply(cluster, configMap("a", { x: "1" }), "fieldManager=one");
      const refused = await apply(cluster, configMap("a", { x: "2" }), "fieldManager=two");
      expect(refused.status).toBe(409);
      expect(refused.json).toMatchObject({
        reason: "Conflict",
        message: 'Apply failed with 1 conflict: conflict with "one": .data.x',
        details: { causes: [{ reason: "FieldManagerConflict", message: 'conflict with "one"', field: ".data.x" }] },
      });
      const forced = await apply(cluster, configMap("a", { x: "2" }), "fieldManager=two&force=true");
      expect(forced.status).toBe(200);
      expect(forced.json.data).toEqual({ x: "2" });
    }),
  );

  test(
    "apply keeps what others set, and takes away only its own",
    withCluster(async (cluster) => {
      await apply(cluster, configMap("a", { x: "1", y: "1" }), "fieldManager=one");
      await apply(cluster, configMap("a", { z: "1" }), "fieldManager=two");
      const reply = await apply(cluster, configMap("a", { x: "1" }), "fieldManager=one");
      expect(reply.json.data).toEqual({ x: "1", z: "1" });
    }),
  );

  test(
    "applied containers merge by name",
    withCluster(async (cluster) => {
      await apply(cluster, deployment("web", { replicas: 0 }), "fieldManager=one");
      const side = { containers: [{ name: "side", image: "busybox:1" }] };
      const reply = await apply(cluster, deployment("web", { replicas: 0 }, side), "fieldManager=two");
      expect(reply.status).toBe(200);
      const names = reply.json.spec.template.spec.containers.map((each: { name: string }) => each.name);
      expect(names).toEqual(["main", "side"]);
      expect(reply.json.metadata.generation).toBe(2);
    }),
  );

  test(
    "apply needs a field manager, and refuses unknown fields",
    withCluster(async (cluster) => {
      const anonymous = await apply(cluster, configMap("a"), "");
      expect(anonymous.status).toBe(422);
      expect(anonymous.json.message).toContain("fieldManager: Required value: is required for apply patch");
      const typo = { ...configMap("a"), dataa: {} };
      const unknown = await apply(cluster, typo, "fieldManager=one");
      expect(unknown.status).toBe(500);
      expect(unknown.json.message).toContain(".dataa: field not declared in schema");
    }),
  );

  test(
    "apply to an object that is being deleted succeeds, and shows it",
    withCluster(async (cluster) => {
      const finalizers = ["conformance.example.com/hold"];
      await cluster.create("configmaps", configMap("a", {}, { finalizers }));
      await cluster.call("DELETE", cluster.path("configmaps", "a"));
      const reply = await apply(cluster, configMap("a", { x: "1" }), "fieldManager=one");
      expect(reply.status).toBe(200);
      expect(reply.json.metadata.deletionTimestamp).toBeTruthy();
      await cluster.call("PATCH", cluster.path("configmaps", "a"), {
        contentType: "application/merge-patch+json",
        body: { metadata: { finalizers: null } },
      });
    }),
  );
};

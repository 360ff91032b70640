import { expect, test } from "vitest";
import { configMap, deployment, service } from "./objects.ts";
import type { Part } from "./suite.ts";

const STRANGER = "11111111-1111-1111-1111-111111111111";
const FINALIZER = "conformance.example.com/hold";

export const deleting: Part = (withCluster) => {
  test(
    "a deletion answers with a Status naming the uid, or for a Service with the object",
    withCluster(async ({ create, call, path, get }) => {
      const made = await create("configmaps", configMap("a"));
      const gone = await call("DELETE", path("configmaps", "a"));
      expect(gone.status).toBe(200);
      expect(gone.json).toMatchObject({
        kind: "Status",
        status: "Success",
        details: { name: "a", kind: "configmaps", uid: made.metadata.uid },
      });
      expect((await get("configmaps", "a")).status).toBe(404);
      await create("services", service("web"));
      expect((await call("DELETE", path("services", "web"))).json.kind).toBe("Service");
    }),
  );

  test(
    "deleting what is not there is 404 with the resource in details",
    withCluster(async ({ call, path }) => {
      const reply = await call("DELETE", path("deployments", "none"));
      expect(reply.status).toBe(404);
      expect(reply.json).toMatchObject({
        reason: "NotFound",
        message: 'deployments.apps "none" not found',
        details: { name: "none", group: "apps", kind: "deployments" },
      });
    }),
  );

  test(
    "a deletion with another uid or resourceVersion is 409 and deletes nothing",
    withCluster(async ({ create, call, path, get }) => {
      const made = await create("deployments", deployment("web", { replicas: 0 }));
      const to = path("deployments", "web");
      const byUid = await call("DELETE", to, { body: { preconditions: { uid: STRANGER } } });
      expect(byUid.status).toBe(409);
      expect(byUid.json.reason).toBe("Conflict");
      expect(byUid.json.message).toContain(`the UID in the precondition (${STRANGER}) does not match`);
      const byVersion = await call("DELETE", to, { body: { preconditions: { resourceVersion: "1" } } });
      expect(byVersion.status).toBe(409);
      expect((await get("deployments", "web")).json.metadata.uid).toBe(made.metadata.uid);
      const right = await call("DELETE", to, { body: { preconditions: { uid: made.metadata.uid } } });
      expect(right.status).toBe(200);
    }),
  );

  test(
    "a finalizer holds an object: marked, still readable, and its name taken",
    withCluster(async ({ create, call, path, get }) => {
      await create("configmaps", configMap("a", {}, { finalizers: [FINALIZER] }));
      const to = path("configmaps", "a");
      const marked = await call("DELETE", to);
      expect(marked.status).toBe(200);
      expect(marked.json.kind).toBe("ConfigMap");
      expect(marked.json.metadata).toMatchObject({ deletionGracePeriodSeconds: 0, finalizers: [FINALIZER] });
      expect(marked.json.metadata.deletionTimestamp).toBeTruthy();
      const again = await call("POST", path("configmaps"), { body: configMap("a") });
      expect(again.status).toBe(409);
      expect(again.json.reason).toBe("AlreadyExists");
      expect(again.json.message).toBe('object is being deleted: configmaps "a" already exists');
      const released = await call("PATCH", to, {
        contentType: "application/merge-patch+json",
        body: { metadata: { finalizers: null } },
      });
      expect(released.status).toBe(200);
      expect((await get("configmaps", "a")).status).toBe(404);
    }),
  );

  test(
    "a dry run deletes nothing",
    withCluster(async ({ create, call, path, get }) => {
      await create("configmaps", configMap("a"));
      expect((await call("DELETE", `${path("configmaps", "a")}?dryRun=All`)).status).toBe(200);
      expect((await get("configmaps", "a")).status).toBe(200);
    }),
  );

  test(
    "an unknown propagation policy is 422",
    withCluster(async ({ create, call, path }) => {
      await create("configmaps", configMap("a"));
      const reply = await call("DELETE", path("configmaps", "a"), { body: { propagationPolicy: "Nope" } });
      expect(reply.status).toBe(422);
      expect(reply.json.message).toContain('propagationPolicy: Unsupported value: "Nope"');
    }),
  );
};

export const collecting: Part = (withCluster) => {
  test(
    "dependents go with their owner, told by uid, and those of others stay",
    withCluster(async ({ create, call, path, get, until }) => {
      const owner = await create("deployments", deployment("web", { replicas: 0 }));
      const other = await create("deployments", deployment("other", { replicas: 0 }));
      const ref = (to: { metadata: { name: string; uid: string } }) => ({
        apiVersion: "apps/v1",
        kind: "Deployment",
        name: to.metadata.name,
        uid: to.metadata.uid,
      });
      const owned = (name: string, owners: object[]) => configMap(name, {}, { ownerReferences: owners });
      await create("configmaps", owned("mine", [ref(owner)]));
      await create("configmaps", owned("shared", [ref(owner), ref(other)]));
      await create("configmaps", configMap("free"));
      await call("DELETE", path("deployments", "web"));
      await until("configmaps", "mine", ({ status }) => status === 404, 20_000);
      expect((await get("configmaps", "shared")).status).toBe(200);
      expect((await get("configmaps", "free")).status).toBe(200);
    }),
  );

  test(
    "what names an owner that is not there is collected",
    withCluster(async ({ create, until }) => {
      const ownerReferences = [{ apiVersion: "apps/v1", kind: "Deployment", name: "ghost", uid: STRANGER }];
      await create("configmaps", configMap("lost", {}, { ownerReferences }));
      await until("configmaps", "lost", ({ status }) => status === 404, 20_000);
    }),
  );

  test(
    "foreground deletion keeps the owner until its dependents are gone",
    withCluster(async ({ create, call, path, get, until }) => {
      const owner = await create("deployments", deployment("web", { replicas: 0 }));
      const { name, uid } = owner.metadata;
      const reference = { apiVersion: "apps/v1", kind: "Deployment", name, uid, blockOwnerDeletion: true };
      const metadata = { ownerReferences: [reference], finalizers: [FINALIZER] };
      await create("configmaps", configMap("held", {}, metadata));
      const marked = await call("DELETE", path("deployments", "web"), { body: { propagationPolicy: "Foreground" } });
      expect(marked.json.metadata.finalizers).toEqual(["foregroundDeletion"]);
      await until("configmaps", "held", ({ json }) => json.metadata?.deletionTimestamp !== undefined, 20_000);
      expect((await get("deployments", "web")).status).toBe(200);
      await call("PATCH", path("configmaps", "held"), {
        contentType: "application/merge-patch+json",
        body: { metadata: { finalizers: null } },
      });
      await until("deployments", "web", ({ status }) => status === 404, 20_000);
    }),
  );

  test(
    "orphaned dependents stay and lose the reference",
    withCluster(async ({ create, call, path, until }) => {
      const owner = await create("configmaps", configMap("owner"));
      const reference = { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: owner.metadata.uid };
      await create("configmaps", configMap("child", {}, { ownerReferences: [reference] }));
      await call("DELETE", path("configmaps", "owner"), { body: { propagationPolicy: "Orphan" } });
      await until("configmaps", "owner", ({ status }) => status === 404, 20_000);
      await until("configmaps", "child", ({ json }) => json.metadata.ownerReferences === undefined);
    }),
  );

  test(
    "a collection is deleted by label",
    withCluster(async ({ create, call, path, get }) => {
      await create("configmaps", configMap("a", {}, { labels: { part: "one" } }));
      await create("configmaps", configMap("b", {}, { labels: { part: "two" } }));
      const reply = await call("DELETE", `${path("configmaps")}?labelSelector=part%3Done`);
      expect(reply.status).toBe(200);
      expect((await get("configmaps", "a")).status).toBe(404);
      expect((await get("configmaps", "b")).status).toBe(200);
    }),
  );
};

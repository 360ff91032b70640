import { expect, test } from "vitest";
import { eventually, type TestCluster } from "./cluster.ts";
import { deployment, job, quota, statefulSet } from "./objects.ts";
import type { Part } from "./suite.ts";
import type { Json, Reply } from "./target.ts";

const DEFAULT_READY_MS = 60_000;

const readyMs = ({ target }: TestCluster): number => target.readyTimeoutMs ?? DEFAULT_READY_MS;

const conditionOf = (object: Json, type: string): Json =>
  (object.status?.conditions ?? []).find((each: Json) => each.type === type);

const isRolledOut = ({ json }: Reply): boolean =>
  json.status?.observedGeneration === json.metadata?.generation &&
  json.status?.updatedReplicas === json.spec?.replicas &&
  json.status?.availableReplicas === json.spec?.replicas &&
  json.status?.replicas === json.spec?.replicas &&
  conditionOf(json, "Progressing")?.reason === "NewReplicaSetAvailable";

const ofApp = (cluster: TestCluster, resource: "pods" | "replicasets", app: string): string =>
  `${cluster.path(resource)}?labelSelector=app%3D${app}`;

const list = async (cluster: TestCluster, resource: "pods" | "replicasets", app: string): Promise<readonly Json[]> =>
  (await cluster.call("GET", ofApp(cluster, resource, app))).json.items;

const isObserved = ({ json }: Reply): boolean => json.status?.observedGeneration === json.metadata?.generation;
const isOfOneRevision = ({ json: { status } }: Reply): boolean => status.currentRevision === status.updateRevision;
const hasReadyPod = (reply: Reply): boolean =>
  isObserved(reply) && isOfOneRevision(reply) && reply.json.status.readyReplicas === 1;

const changeOfRequest = (cpu: string) => ({
  contentType: "application/strategic-merge-patch+json",
  body: {
    spec: {
      template: { spec: { containers: [{ name: "main", image: "nginx:1", resources: { requests: { cpu } } }] } },
    },
  },
});

export const numbering: Part = (withCluster) => {
  test(
    "a StatefulSet replaces its pod when its template changes",
    withCluster(async (cluster) => {
      await cluster.create("statefulsets", statefulSet("web"));
      await cluster.until("statefulsets", "web", hasReadyPod, readyMs(cluster));
      const { uid } = (await cluster.get("pods", "web-0")).json.metadata;
      await cluster.call("PATCH", cluster.path("statefulsets", "web"), changeOfRequest("1m"));
      await cluster.until("statefulsets", "web", hasReadyPod, readyMs(cluster));
      expect((await cluster.get("pods", "web-0")).json.metadata.uid).not.toBe(uid);
    }),
  );

  test(
    "a StatefulSet leaves a pod that is not ready as it is, also when its template is corrected, and is of two revisions",
    withCluster(async (cluster) => {
      await cluster.create("statefulsets", statefulSet("web"));
      await cluster.until("statefulsets", "web", hasReadyPod, readyMs(cluster));
      await cluster.call("PATCH", cluster.path("statefulsets", "web"), changeOfRequest("10000"));
      const isUnschedulable = ({ json }: Reply) => conditionOf(json, "PodScheduled")?.reason === "Unschedulable";
      const { json: stuck } = await cluster.until("pods", "web-0", isUnschedulable, readyMs(cluster));
      await cluster.call("PATCH", cluster.path("statefulsets", "web"), changeOfRequest("1m"));
      const set = await cluster.until("statefulsets", "web", isObserved, readyMs(cluster));
      expect(isOfOneRevision(set)).toBe(false);
      expect(set.json.status).not.toHaveProperty("readyReplicas");
      expect((await cluster.get("pods", "web-0")).json.metadata.uid).toBe(stuck.metadata.uid);
    }),
  );
};

export const running: Part = (withCluster) => {
  test(
    "a Deployment grows a ReplicaSet and ready pods, and says so",
    withCluster(async (cluster) => {
      await cluster.create("deployments", deployment("web", { replicas: 2 }));
      const { json } = await cluster.until("deployments", "web", isRolledOut, readyMs(cluster));
      expect(json.status).toMatchObject({ observedGeneration: 1, replicas: 2, readyReplicas: 2, availableReplicas: 2 });
      expect(json.status).not.toHaveProperty("unavailableReplicas");
      expect(conditionOf(json, "Available")).toMatchObject({
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability.",
      });
      const [set] = await list(cluster, "replicasets", "web");
      expect(conditionOf(json, "Progressing").message).toBe(
        `ReplicaSet "${set.metadata.name}" has successfully progressed.`,
      );
      expect(set.metadata.ownerReferences).toMatchObject([
        { kind: "Deployment", name: "web", uid: json.metadata.uid, controller: true },
      ]);
      const pods = await list(cluster, "pods", "web");
      expect(pods).toHaveLength(2);
      for (const pod of pods) {
        expect(pod.status.phase).toBe("Running");
        expect(conditionOf(pod, "Ready").status).toBe("True");
        expect(pod.status.containerStatuses[0]).toMatchObject({ name: "main", ready: true, restartCount: 0 });
        expect(pod.metadata.ownerReferences[0]).toMatchObject({ kind: "ReplicaSet", uid: set.metadata.uid });
        expect(pod.metadata.labels["pod-template-hash"]).toBe(set.metadata.labels["pod-template-hash"]);
      }
    }),
  );

  test(
    "a changed template rolls out under a new generation",
    withCluster(async (cluster) => {
      await cluster.create("deployments", deployment("web"));
      await cluster.until("deployments", "web", isRolledOut, readyMs(cluster));
      const changed = await cluster.call("PATCH", cluster.path("deployments", "web"), {
        contentType: "application/strategic-merge-patch+json",
        body: { spec: { template: { spec: { containers: [{ name: "main", image: "nginx:2" }] } } } },
      });
      expect(changed.json.metadata.generation).toBe(2);
      const { json } = await cluster.until("deployments", "web", isRolledOut, readyMs(cluster));
      expect(json.metadata.annotations["deployment.kubernetes.io/revision"]).toBe("2");
      const sets = await list(cluster, "replicasets", "web");
      expect(sets.map((set) => set.spec.replicas).toSorted()).toEqual([0, 1]);
    }),
  );
};

export const scaling: Part = (withCluster) => {
  test(
    "scaled to zero it has no pods and counts as available",
    withCluster(async (cluster) => {
      await cluster.create("deployments", deployment("web", { replicas: 0 }));
      const { json } = await cluster.until(
        "deployments",
        "web",
        ({ json: now }) => conditionOf(now, "Progressing")?.reason === "NewReplicaSetAvailable",
        readyMs(cluster),
      );
      expect(json.status).not.toHaveProperty("replicas");
      expect(conditionOf(json, "Available").status).toBe("True");
      expect(await list(cluster, "pods", "web")).toEqual([]);
    }),
  );

  test(
    "a deleted Deployment takes its ReplicaSets and pods with it",
    withCluster(async (cluster) => {
      await cluster.create("deployments", deployment("web"));
      await cluster.until("deployments", "web", isRolledOut, readyMs(cluster));
      const [set] = await list(cluster, "replicasets", "web");
      const [pod] = await list(cluster, "pods", "web");
      await cluster.call("DELETE", cluster.path("deployments", "web"));
      const gone = ({ status }: Reply): boolean => status === 404;
      await cluster.until("replicasets", set.metadata.name, gone, 30_000);
      await cluster.until("pods", pod.metadata.name, gone, 30_000);
    }),
  );

  test(
    "a pod that fits nowhere is Unschedulable, with the reason in its condition",
    withCluster(async (cluster) => {
      const resources = { requests: { cpu: "10000" } };
      const containers = [{ name: "main", image: "nginx:1", resources }];
      await cluster.create("deployments", deployment("huge", {}, { containers }));
      const reply = await cluster.until(
        "deployments",
        "huge",
        ({ json }) => json.status?.unavailableReplicas === 1,
        readyMs(cluster),
      );
      expect(conditionOf(reply.json, "Available")).toMatchObject({
        status: "False",
        reason: "MinimumReplicasUnavailable",
      });
      // The Deployment counts what its ReplicaSet asks for: a pod need not exist yet.
      const pods = await eventually(
        () => cluster.call("GET", ofApp(cluster, "pods", "huge")),
        ({ json: { items } }) => items.length > 0 && conditionOf(items[0], "PodScheduled") !== undefined,
        readyMs(cluster),
      );
      const [json] = pods.json.items;
      expect(conditionOf(json, "PodScheduled")).toMatchObject({ status: "False", reason: "Unschedulable" });
      expect(conditionOf(json, "PodScheduled").message).toContain("0/1 nodes are available: 1 Insufficient cpu.");
      expect(json.status.phase).toBe("Pending");
    }),
  );

  test(
    "a deadline without progress is ProgressDeadlineExceeded",
    withCluster(async (cluster) => {
      const resources = { requests: { cpu: "10000" } };
      const containers = [{ name: "main", image: "nginx:1", resources }];
      await cluster.create("deployments", deployment("slow", { progressDeadlineSeconds: 1 }, { containers }));
      const { json } = await cluster.until(
        "deployments",
        "slow",
        (now) => conditionOf(now.json, "Progressing")?.status === "False",
        readyMs(cluster),
      );
      expect(conditionOf(json, "Progressing").reason).toBe("ProgressDeadlineExceeded");
      expect(conditionOf(json, "Progressing").message).toMatch(/^ReplicaSet "slow-.*" has timed out progressing\.$/);
    }),
  );
};

const isCounted = ({ json }: Reply): boolean => json.status?.used !== undefined;

export const limiting: Part = (withCluster) => {
  test(
    "a quota on Deployments refuses with 403 and the figures",
    withCluster(async (cluster) => {
      await cluster.create("resourcequotas", quota("none", { "count/deployments.apps": "0" }));
      await cluster.until("resourcequotas", "none", isCounted);
      const reply = await cluster.call("POST", cluster.path("deployments"), { body: deployment("web") });
      expect(reply.status).toBe(403);
      expect(reply.json).toMatchObject({
        reason: "Forbidden",
        message:
          'deployments.apps "web" is forbidden: exceeded quota: none, requested: count/deployments.apps=1, used: count/deployments.apps=0, limited: count/deployments.apps=0',
        details: { name: "web", group: "apps", kind: "deployments" },
      });
    }),
  );

  test(
    "a quota on pods lets the Deployment in, and shows as ReplicaFailure",
    withCluster(async (cluster) => {
      await cluster.create("resourcequotas", quota("none", { pods: "0" }));
      await cluster.until("resourcequotas", "none", isCounted);
      await cluster.create("deployments", deployment("web"));
      const { json } = await cluster.until(
        "deployments",
        "web",
        (now) => conditionOf(now.json, "ReplicaFailure") !== undefined,
        readyMs(cluster),
      );
      expect(conditionOf(json, "ReplicaFailure")).toMatchObject({ status: "True", reason: "FailedCreate" });
      expect(conditionOf(json, "ReplicaFailure").message).toContain(
        "is forbidden: exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0",
      );
      expect(await list(cluster, "pods", "web")).toEqual([]);
    }),
  );

  test.each([
    ["StatefulSet", "statefulsets", statefulSet("web")],
    ["Job", "jobs", job("web")],
  ] as const)("a quota on pods lets a %s in, and only an event says that it has no pod", (_, resource, object) =>
    withCluster(async (cluster) => {
      await cluster.create("resourcequotas", quota("none", { pods: "0" }));
      await cluster.until("resourcequotas", "none", isCounted);
      const { metadata } = await cluster.create(resource, object);
      const selector = encodeURIComponent(`involvedObject.uid=${metadata.uid},reason=FailedCreate`);
      const refusals = await eventually(
        () => cluster.call("GET", `${cluster.path("events")}?fieldSelector=${selector}`),
        ({ json }) => json.items.length > 0,
        readyMs(cluster),
      );
      const [{ message, lastTimestamp }] = refusals.json.items;
      expect(message).toContain("is forbidden: exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0");
      expect(Date.parse(lastTimestamp)).toBeGreaterThanOrEqual(Date.parse(metadata.creationTimestamp));
      const { json: live } = await cluster.get(resource, "web");
      expect(live.status.conditions ?? []).toEqual([]);
    })(),
  );
};

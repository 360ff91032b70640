import { expect, test } from "vitest";
import { eventually, type TestCluster } from "./cluster.ts";
import { call } from "./http.ts";
import { configMap } from "./objects.ts";
import type { Part } from "./suite.ts";
import type { Reply } from "./target.ts";

const pod = (name: string, container: object = {}, spec: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers: [{ name: "main", image: "nginx:1", ...container }], ...spec },
});

/** A dry run: what is refused is refused, and nothing runs. */
const tryPod = (cluster: TestCluster, body: object): Promise<Reply> =>
  cluster.call("POST", `${cluster.path("pods")}?dryRun=All`, { body });

const setLevel = (cluster: TestCluster, level: string): Promise<Reply> =>
  cluster.call("PATCH", `/api/v1/namespaces/${cluster.namespace}`, {
    contentType: "application/merge-patch+json",
    body: { metadata: { labels: { "pod-security.kubernetes.io/enforce": level } } },
  });

/** Admission learns of a change a moment later. */
const untilRefused = (cluster: TestCluster, body: object): Promise<Reply> =>
  eventually(
    () => tryPod(cluster, body),
    ({ status }) => status === 403,
  );

export const limitingContainers: Part = (withCluster) => {
  const limitRange = {
    apiVersion: "v1",
    kind: "LimitRange",
    metadata: { name: "limits" },
    spec: {
      limits: [
        {
          type: "Container",
          max: { cpu: "2" },
          default: { memory: "512Mi" },
          defaultRequest: { cpu: "100m" },
          min: { cpu: "50m" },
        },
      ],
    },
  };

  test(
    "a LimitRange is completed from its own limits",
    withCluster(async (cluster) => {
      const { spec } = await cluster.create("limitranges", limitRange);
      expect(spec.limits[0]).toMatchObject({
        default: { cpu: "2", memory: "512Mi" },
        defaultRequest: { cpu: "100m", memory: "512Mi" },
      });
    }),
  );

  test(
    "containers that say nothing get its defaults, those that ask for too much or too little are refused",
    withCluster(async (cluster) => {
      await cluster.create("limitranges", limitRange);
      const given = await eventually(
        () => tryPod(cluster, pod("silent")),
        ({ json }) => json.spec.containers[0].resources.limits !== undefined,
      );
      expect(given.json.spec.containers[0].resources).toEqual({
        limits: { cpu: "2", memory: "512Mi" },
        requests: { cpu: "100m", memory: "512Mi" },
      });
      expect(given.json.metadata.annotations["kubernetes.io/limit-ranger"]).toBe(
        "LimitRanger plugin set: cpu, memory request for container main; cpu, memory limit for container main",
      );
      const resources = { requests: { cpu: "10m" }, limits: { cpu: "3" } };
      const refused = await tryPod(cluster, pod("greedy", { resources }));
      expect(refused.status).toBe(403);
      expect(refused.json.message).toBe(
        'pods "greedy" is forbidden: [minimum cpu usage per Container is 50m, but request is 10m, maximum cpu usage per Container is 2, but limit is 3]',
      );
    }),
  );
};

export const guardingPods: Part = (withCluster) => {
  test(
    "restricted names all that a plain pod lacks",
    withCluster(async (cluster) => {
      expect((await setLevel(cluster, "restricted")).status).toBe(200);
      const { json } = await untilRefused(cluster, pod("plain"));
      expect(json).toMatchObject({
        reason: "Forbidden",
        message:
          'pods "plain" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "main" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "main" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "main" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "main" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
      });
    }),
  );

  test(
    "restricted lets in what sets all of it, and no root user",
    withCluster(async (cluster) => {
      await setLevel(cluster, "restricted");
      await untilRefused(cluster, pod("plain"));
      const safe = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
      const security = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
      const taken = await tryPod(cluster, pod("safe", { securityContext: safe }, { securityContext: security }));
      expect(taken.status, taken.text).toBe(201);
      const asRoot = { ...security, runAsUser: 0 };
      const refused = await tryPod(cluster, pod("root", { securityContext: safe }, { securityContext: asRoot }));
      expect(refused.json.message).toBe(
        'pods "root" is forbidden: violates PodSecurity "restricted:latest": runAsUser=0 (pod must not set runAsUser=0)',
      );
    }),
  );

  test(
    "baseline refuses ways to the node, and lets in a plain pod",
    withCluster(async (cluster) => {
      await setLevel(cluster, "baseline");
      const capabilities = { add: ["NET_ADMIN", "CHOWN"] };
      const ports = [{ containerPort: 80, hostPort: 80 }];
      const volumes = [{ name: "node", hostPath: { path: "/" } }];
      const bold = pod(
        "bold",
        { ports, securityContext: { capabilities } },
        { hostNetwork: true, hostPID: true, volumes },
      );
      const { json } = await untilRefused(cluster, bold);
      expect(json.message).toBe(
        'pods "bold" is forbidden: violates PodSecurity "baseline:latest": non-default capabilities (container "main" must not include "NET_ADMIN" in securityContext.capabilities.add), host namespaces (hostNetwork=true, hostPID=true), hostPath volumes (volume "node"), hostPort (container "main" uses hostPort 80)',
      );
      expect((await tryPod(cluster, pod("plain"))).status).toBe(201);
    }),
  );

  test(
    "an unknown level is refused",
    withCluster(async (cluster) => {
      const { status, json } = await setLevel(cluster, "nonsense");
      expect(status).toBe(422);
      expect(json.details.causes).toEqual([
        {
          reason: "FieldValueInvalid",
          message: 'Invalid value: "nonsense": must be one of privileged, baseline, restricted',
          field: "metadata.labels[pod-security.kubernetes.io/enforce]",
        },
      ]);
    }),
  );
};

export const isolating: Part = (withCluster) => {
  test(
    "a namespace's name is taken while it exists, and while it is being deleted",
    withCluster(async ({ call: ask, create, namespace, path }) => {
      const again = () => ask("POST", "/api/v1/namespaces", { body: { metadata: { name: namespace } } });
      const taken = await again();
      expect(taken.status).toBe(409);
      expect(taken.json).toMatchObject({
        reason: "AlreadyExists",
        message: `namespaces "${namespace}" already exists`,
      });
      const finalizers = ["conformance.example.com/hold"];
      await create("configmaps", configMap("held", {}, { finalizers }));
      await ask("DELETE", `/api/v1/namespaces/${namespace}`);
      const going = await again();
      expect(going.status).toBe(409);
      expect(going.json).toMatchObject({
        reason: "AlreadyExists",
        message: `object is being deleted: namespaces "${namespace}" already exists`,
      });
      await ask("PATCH", path("configmaps", "held"), {
        contentType: "application/merge-patch+json",
        body: { metadata: { finalizers: null } },
      });
      const made = await eventually(again, ({ status }) => status === 201, 60_000);
      expect(made.json.status.phase).toBe("Active");
    }),
  );

  test(
    "a replaced Namespace keeps its finalizers and its phase",
    withCluster(async ({ call: ask, namespace }) => {
      const own = `/api/v1/namespaces/${namespace}`;
      const { json } = await ask("GET", own);
      const { resourceVersion, uid } = json.metadata;
      const metadata = { name: namespace, uid, resourceVersion, labels: { kept: "yes" } };
      const { status, json: after } = await ask("PUT", own, {
        body: { kind: "Namespace", apiVersion: "v1", metadata },
      });
      expect(status).toBe(200);
      expect(after.spec.finalizers).toEqual(["kubernetes"]);
      expect(after.status.phase).toBe("Active");
      expect(after.metadata.labels).toEqual({ kept: "yes", "kubernetes.io/metadata.name": namespace });
    }),
  );

  test(
    "a list of all namespaces takes the same selectors, a label's absence among them",
    withCluster(async ({ target, create, namespace }) => {
      const labels = { in: namespace };
      await create("configmaps", configMap("with", {}, { labels: { ...labels, more: "1" } }));
      await create("configmaps", configMap("without", {}, { labels }));
      const list = async (selector: string) => {
        const query = `labelSelector=${encodeURIComponent(selector)}`;
        const { json } = await call(target, "GET", `/api/v1/configmaps?${query}`);
        return json.items.map((item: { metadata: { name: string } }) => item.metadata.name);
      };
      expect(await list(`in=${namespace},more`)).toEqual(["with"]);
      expect(await list(`in=${namespace},!more`)).toEqual(["without"]);
    }),
  );

  test(
    "a NetworkPolicy is completed with its directions and protocols",
    withCluster(async ({ create }) => {
      const policy = (name: string, spec: object) => ({
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name },
        spec: { podSelector: {}, ...spec },
      });
      const closed = await create("networkpolicies", policy("closed", {}));
      expect(closed.spec).toEqual({ podSelector: {}, policyTypes: ["Ingress"] });
      const open = await create("networkpolicies", policy("open", { egress: [{ ports: [{ port: 53 }] }] }));
      expect(open.spec.policyTypes).toEqual(["Ingress", "Egress"]);
      expect(open.spec.egress).toEqual([{ ports: [{ protocol: "TCP", port: 53 }] }]);
    }),
  );
};

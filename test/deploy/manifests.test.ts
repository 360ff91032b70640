import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadApiSettings } from "@repl/settings";
import { waitFor } from "@repl/testkit";
import { missingTestCluster } from "@repl/testkit/vitest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { openPrivateCluster, type PrivateCluster } from "../provisioning/support/private-cluster.ts";
import { GATEWAY_API, installCustomKinds, KEDA, POD_MONITORS } from "../support/custom-kinds.ts";
import { blockOf } from "../support/documents.ts";
import { applyAll } from "./support/apply.ts";
import { compose, find, K8S, kustomize, type Manifest, parseManifests, withComponents } from "./support/kustomize.ts";

const TEMPLATE = readFileSync(new URL("../../service.yaml", import.meta.url), "utf8");
const ALL_COMPONENTS = readdirSync(join(K8S, "components"));
/** In the service's own namespace, as its document says. */
const VOLUME: Manifest = {
  ...find(parseManifests(readFileSync(join(K8S, "redis/volume.yaml"), "utf8")), "Pod", "redis-volume"),
  metadata: { name: "redis-volume", namespace: "repl-orchestrator" },
};
/** One of them at a time says how many workers there are. */
const withoutHpa = ALL_COMPONENTS.filter((name) => name !== "autoscaling-hpa" && name !== "per-user-namespaces");

it.each([
  ["base/template/service.yaml", "service.yaml"],
  ["chart/files/service.yaml", "service.yaml"],
  ["components/per-user-namespaces/user-namespace.yaml", "user-namespace.yaml"],
  ["chart/files/user-namespace.yaml", "user-namespace.yaml"],
])("k8s/%s is a copy of %s (cp it there)", (copy, original) => {
  expect(readFileSync(join(K8S, copy), "utf8")).toBe(readFileSync(join(K8S, "..", original), "utf8"));
});

it.each([
  ["Role repl-orchestrator", "base/worker/role.yaml"],
  ["ClusterRole repl-orchestrator", "components/per-user-namespaces/cluster-role.yaml"],
  ["ClusterRole repl-orchestrator-nodes", "components/node-loss/nodes.yaml"],
])("the %s of docs/operations.md has the rules of k8s/%s", (role, path) => {
  const [kind] = role.split(" ");
  const text = readFileSync(join(K8S, "../docs/operations.md"), "utf8");
  const blocks = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block ?? "");
  const documented = blocks.flatMap(parseManifests).filter((it) => `${it.kind} ${it.metadata?.name}` === role);
  const applied = parseManifests(readFileSync(join(K8S, path), "utf8")).find((manifest) => manifest.kind === kind);
  expect(documented.map(({ rules }) => rules)).toEqual([applied?.["rules"]]);
});

const example = (name: string) => kustomize(join(K8S, "../examples", name));

it.skipIf(missingTestCluster())(
  "examples/external-redis gives api and worker the authority that Redis' certificate is from",
  async () => {
    const manifests = await example("external-redis");
    for (const name of ["api", "worker"]) {
      const { containers, volumes } = find(manifests, "Deployment", name)["spec"].template.spec;
      const { mountPath } = containers[0].volumeMounts.find((mount: { name: string }) => mount.name === "redis-ca");
      expect(containers[0].env).toContainEqual({ name: "REDIS_CA_PATH", value: `${mountPath}/ca.crt` });
      expect(volumes).toContainEqual(expect.objectContaining({ name: "redis-ca", secret: expect.anything() }));
    }
  },
);

it.skipIf(missingTestCluster())("examples/scaling-by-keda asks for a worker by as many jobs as one runs", async () => {
  const manifests = await example("scaling-by-keda");
  const settings = manifests.find(
    ({ kind, metadata }) => kind === "ConfigMap" && /^worker-settings/.test(metadata.name),
  );
  const [trigger] = find(manifests, "ScaledObject", "worker")["spec"].triggers;
  expect(trigger.metadata.threshold).toBe(settings?.["data"].WORKER_CONCURRENCY);
});

it.skipIf(missingTestCluster()).each(["autoscaling-keda", "autoscaling-hpa"])(
  "k8s/overlays/production leaves the number of workers to %s",
  async (component) => {
    const { spec } = find(await withComponents("production", [component]), "Deployment", "worker");
    expect(spec).not.toHaveProperty("replicas");
  },
);

it.skipIf(missingTestCluster())("k8s/overlays/production limits what one user may ask for, and all repls", async () => {
  const manifests = await kustomize(join(K8S, "overlays/production"));
  const settingsOf = (process: string) =>
    manifests.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith(`${process}-settings`))?.[
      "data"
    ];
  const { maxRunningPerUser, maxStartingPerUser, ordersPerMinute } = loadApiSettings(settingsOf("api"));
  for (const limit of [maxRunningPerUser, maxStartingPerUser, ordersPerMinute]) expect(limit).toBeGreaterThan(0);
  // Longer than the cluster autoscaler takes to look at a pod, twice.
  expect(Number(settingsOf("worker").UNSCHEDULABLE_GRACE_SECONDS)).toBeGreaterThan(20);
  const { hard } = find(manifests, "ResourceQuota", "repls")["spec"];
  expect(hard).toMatchObject({ pods: expect.anything(), "services.loadbalancers": "0", "services.nodeports": "0" });
});

it("the Redis of k8s/components/redis has room for what the documents say of it", () => {
  const { spec } = find(
    parseManifests(readFileSync(join(K8S, "components/redis/stateful-set.yaml"), "utf8")),
    "StatefulSet",
    "redis",
  );
  const [{ command, resources }] = spec.template.spec.containers;
  const [, maxmemory] = /--maxmemory (\d+)gb/.exec(command.join(" ")) ?? [];
  expect(resources.limits.memory).toBe(`${2 * Number(maxmemory)}Gi`);
  expect(spec.volumeClaimTemplates[0].spec.resources.requests.storage).toBe(`${5 * Number(maxmemory)}Gi`);
});

it.skipIf(missingTestCluster())(
  "the patch of docs/operations.md makes the Redis of k8s/components/redis larger",
  async () => {
    const { patches } = parse(blockOf("docs/operations.md", "patches:\n"));
    const more = {
      configMapGenerator: [
        { name: "api-settings", namespace: "repl-orchestrator", behavior: "merge", literals: ["AUTH_MODE=none"] },
      ],
      patches,
    };
    const { spec } = find(await compose({ resources: ["base"], components: ["redis"], more }), "StatefulSet", "redis");
    const [{ command, resources }] = spec.template.spec.containers;
    expect(command.join(" ")).toContain("--maxmemory 4gb --maxmemory-policy");
    for (const each of [resources, spec.template.spec.initContainers[0].resources])
      expect(each.limits.memory).toBe("8Gi");
    expect(spec.volumeClaimTemplates[0].spec.resources.requests.storage).toBe("20Gi");
  },
);

it("an api may have the memory that MAX_FOLLOWERS streams take besides what it takes at 30 starts a second", () => {
  const [api] = parseManifests(readFileSync(join(K8S, "base/api/deployment.yaml"), "utf8"));
  const [, gibibytes] = api?.["spec"].template.spec.containers[0].resources.limits.memory.match(/^(\d+)Gi$/) ?? [];
  const needed = 235e6 + loadApiSettings({}).maxFollowers * 31 * 2 ** 10;
  expect(Number(gibibytes) * 2 ** 30).toBeGreaterThan(1.5 * needed);
});

it("api and workers may reach Redis and Sentinels at their usual ports", () => {
  const policies = parseManifests(readFileSync(join(K8S, "base/network-policy.yaml"), "utf8"));
  const [rule] = find(policies, "NetworkPolicy", "to-redis")["spec"].egress;
  expect(rule.ports.map(({ port }: { port: number }) => port)).toEqual([6379, 6380, 26379]);
});

describe.skipIf(missingTestCluster())("the manifests on the real control plane", () => {
  let cluster: PrivateCluster;
  beforeAll(async () => {
    cluster = await openPrivateCluster();
    await installCustomKinds(cluster.api, [GATEWAY_API, KEDA, POD_MONITORS]);
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  // The first is applied to an empty cluster: its order is the order in which each finds what it needs.
  it.each<[string, () => Promise<Manifest[]>]>([
    ["all components together", () => compose({ resources: ["overlays/local"], components: more(withoutHpa) })],
    ["the autoscaler without KEDA", () => compose({ resources: ["base"], components: ["autoscaling-hpa"] })],
    [
      "a namespace for each user",
      () => compose({ resources: ["base"], components: ["admission", "per-user-namespaces"] }),
    ],
    ["k8s/overlays/production", () => kustomize(join(K8S, "overlays/production"))],
    [
      "its example Secrets",
      async () => parseManifests(readFileSync(join(K8S, "overlays/production/secrets.yaml"), "utf8")),
    ],
    ["k8s/overlays/local", () => kustomize(join(K8S, "overlays/local"))],
    ["examples/external-redis", () => example("external-redis")],
    ["examples/per-user-namespaces", () => example("per-user-namespaces")],
    ["examples/scaling-by-keda", () => example("scaling-by-keda")],
  ])("%s: every field is known and every object accepted, in kustomize's order", async (_name, render) => {
    const manifests = await render();
    expect(manifests.length).toBeGreaterThan(1);
    await applyAll(cluster.api, manifests);
  });

  it("the conditions of the admission policies fit the types they are about", async () => {
    const path = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
    const policies = await waitFor(
      async () => {
        const { items } = await cluster.api.get(path);
        return items.every((policy: Manifest) => policy["status"]?.typeChecking !== undefined) && (items as Manifest[]);
      },
      { what: "the policies to be type-checked", timeoutMs: 20_000 },
    );
    expect(policies.length).toBeGreaterThan(4);
    for (const { metadata, status } of policies)
      expect([metadata.name, status.typeChecking]).toEqual([metadata.name, {}]);
  });

  it.each([
    ["deployments", "api"],
    ["deployments", "worker"],
  ])("the pods of %s %s are let in where Pod Security enforces `restricted`", async (plural, name) => {
    const path = `/apis/apps/v1/namespaces/repl-orchestrator/${plural}/${name}`;
    await waitFor(async () => (await cluster.api.get(path)).status.readyReplicas >= 1, {
      what: `${name} to be ready`,
      timeoutMs: 30_000,
    });
  });

  it("the production's quota counts in the namespace of the repls, and lets a workspace in", async () => {
    const used = await waitFor(
      async () => (await cluster.api.get("/api/v1/namespaces/repls/resourcequotas/repls")).status.used,
      { what: "the quota to count", timeoutMs: 30_000 },
    );
    expect(used).toMatchObject({ pods: "0" });
    const workspace = find(parseManifests(TEMPLATE.replaceAll("service_name", "repl1")), "Deployment", "repl1");
    expect(await createPod(cluster, workspace, podSpecOf(workspace))).toMatchObject({ status: 201 });
  });

  it("the pods of api, worker, Redis and of service.yaml pass Pod Security `restricted`, which refuses others", async () => {
    const local = await kustomize(join(K8S, "overlays/local"));
    const workloads = [
      ...["api", "worker"].map((name) => find(local, "Deployment", name)),
      find(local, "StatefulSet", "redis"),
      { ...VOLUME, spec: { template: { spec: VOLUME["spec"] } } },
      find(parseManifests(TEMPLATE.replaceAll("service_name", "repl1")), "Deployment", "repl1"),
    ];
    for (const workload of workloads) {
      const spec = podSpecOf(workload);
      const { status, body } = await createPod(cluster, workload, spec);
      expect([workload.metadata.name, status, body.message]).toEqual([workload.metadata.name, 201, undefined]);
      expect(await createPod(cluster, workload, { ...spec, securityContext: {} })).toMatchObject({
        status: 403,
        body: { message: expect.stringContaining('violates PodSecurity "restricted:latest"') },
      });
    }
  });
});

/** What is not in the overlay `local` already. */
function more(components: readonly string[]): string[] {
  return components.filter((name) => !["redis", "ingress", "admission"].includes(name));
}

/** What its controller would make: a StatefulSet's claims are volumes of its pods. */
function podSpecOf({ spec }: Manifest): Record<string, unknown> {
  const claims = (spec.volumeClaimTemplates ?? []).map(({ metadata: { name } }: Manifest) => ({
    name,
    persistentVolumeClaim: { claimName: name },
  }));
  return { ...spec.template.spec, volumes: [...(spec.template.spec.volumes ?? []), ...claims] };
}

/** A dry run, in the namespace of the repls for theirs and in the service's own for the others. */
function createPod({ api }: PrivateCluster, { metadata }: Manifest, spec: Record<string, unknown>) {
  const namespace = metadata.namespace ?? "repls";
  return api.request("POST", `/api/v1/namespaces/${namespace}/pods?dryRun=All&fieldValidation=Strict`, {
    metadata: { name: "dry-run" },
    spec,
  });
}

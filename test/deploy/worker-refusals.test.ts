import { join } from "node:path";
import { type ApiAnswer, waitFor } from "@repl/testkit";
import { missingTestCluster } from "@repl/testkit/vitest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pathOf } from "./support/apply.ts";
import { type DeployedCluster, openDeployedCluster } from "./support/deployed-cluster.ts";
import { K8S, kustomize, type Manifest } from "./support/kustomize.ts";
import { deniedBy, REFUSED } from "./support/refused-objects.ts";
import { changed, OUR_LABELS, workerObject } from "./support/worker-objects.ts";

const BINDING = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name: "takeover" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
  subjects: [{ kind: "ServiceAccount", name: "worker", namespace: "repl-orchestrator" }],
};
const PRIVILEGED_POD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", namespace: "repls", labels: OUR_LABELS },
  spec: { containers: [{ name: "c", image: "i", securityContext: { privileged: true } }] },
};
const REPLS = "/api/v1/namespaces/repls";
const POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";

/** Beyond the worker's Role: what, the request, and the right that it lacks. */
const BEYOND_ITS_ROLE: readonly [what: string, method: string, path: string, body: unknown, right: string][] = [
  ["read a Secret", "GET", `${REPLS}/secrets/repl-s3-credentials`, undefined, "get secrets"],
  ["list Secrets", "GET", `${REPLS}/secrets`, undefined, "list secrets"],
  ["read the service's own Secrets", "GET", "/api/v1/namespaces/repl-orchestrator/secrets", undefined, "list secrets"],
  ["become an administrator", "POST", pathOf(BINDING, "collection"), BINDING, "create clusterrolebindings"],
  ["make a privileged pod", "POST", `${REPLS}/pods`, PRIVILEGED_POD, "create pods"],
  ["run a command in a pod", "POST", `${REPLS}/pods/p/exec?command=sh`, undefined, "create pods/exec"],
  [
    "write into another namespace",
    "POST",
    "/apis/apps/v1/namespaces/default/deployments",
    workerObject("Deployment", "default"),
    "create deployments",
  ],
  [
    "delete all at once",
    "DELETE",
    "/apis/apps/v1/namespaces/repls/deployments",
    undefined,
    "deletecollection deployments",
  ],
  ["get another's token", "POST", `${REPLS}/serviceaccounts/default/token`, {}, "create serviceaccounts/token"],
  [
    "take a policy away",
    "DELETE",
    `${POLICIES}/repl-orchestrator-worker-pods`,
    undefined,
    "delete validatingadmissionpolicies",
  ],
];

describe.skipIf(missingTestCluster())("a worker that was taken over", () => {
  let deployed: DeployedCluster;
  beforeAll(async () => {
    deployed = await openDeployedCluster(await kustomize(join(K8S, "overlays/local")));
  });
  afterAll(() => deployed?.[Symbol.asyncDispose]());

  const expectDenied = ({ status, body }: ApiAnswer, reason: RegExp) =>
    expect([status, body.message]).toEqual([422, expect.stringMatching(reason)]);

  it.each(["Deployment", "Service", "Ingress"] as const)("may write the %s of service.yaml", async (kind) => {
    const { status, body } = await deployed.create(workerObject(kind));
    expect([status, body.message]).toEqual([201, undefined]);
  });

  it.each(BEYOND_ITS_ROLE)("has no right to %s", async (_what, method, path, body, right) => {
    const [verb, resource] = right.split(" ");
    const lacks = `"system:serviceaccount:repl-orchestrator:worker" cannot ${verb} resource "${resource}"`;
    const answer = await deployed.send(method, path, body);
    expect([answer.status, answer.body.message]).toEqual([403, expect.stringContaining(lacks)]);
  });

  it.each(REFUSED)("is refused: %s", async (_what, manifest, reason) => {
    expectDenied(await deployed.create(manifest), reason);
  });

  it("cannot change, delete or take over somebody else's Service, nor give a repl to somebody else", async () => {
    const { api, send } = deployed;
    const stranger = changed(workerObject("Service"), ({ metadata }) =>
      Object.assign(metadata, { name: "stranger", labels: { app: "stranger" } }),
    );
    const ours = workerObject("Service");
    for (const manifest of [stranger, ours]) {
      expect((await api.request("POST", pathOf(manifest, "collection"), manifest)).status).toBe(201);
    }
    const relabelled = async (manifest: Manifest, labels: object) =>
      changed(await api.get(pathOf(manifest)), ({ metadata }) => Object.assign(metadata, { labels }));
    const taken = await relabelled(stranger, OUR_LABELS);
    const given = await relabelled(ours, { ...OUR_LABELS, "repl-orchestrator.dev/user": "bob" });
    expectDenied(await send("DELETE", pathOf(stranger)), deniedBy("scope", "only what carries its own label"));
    expectDenied(await send("PUT", pathOf(stranger), taken), deniedBy("scope", "only what carries its own label"));
    expectDenied(await send("PUT", pathOf(ours), given), deniedBy("scope", "stays with its repl and its user"));
    expect((await send("DELETE", pathOf(ours))).status).toBe(200);
    for (const manifest of [stranger, ours]) await api.request("DELETE", pathOf(manifest));
  });

  it("gains nothing from a Role that was widened by mistake", async () => {
    const { api, token, send, create } = deployed;
    const widened = { ...BINDING, metadata: { name: "widened" } };
    await api.request("POST", pathOf(widened, "collection"), widened);
    try {
      await waitFor(async () => (await api.request("GET", "/api/v1/secrets", undefined, { token })).status === 200, {
        what: "the wider rights to count",
      });
      const kinds = deniedBy("scope", "only kinds that its templates may contain");
      const places = deniedBy("scope", "only where repls are");
      const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "mine", labels: OUR_LABELS } };
      expectDenied(await create(BINDING), kinds);
      expectDenied(await create(harmlessPod()), kinds);
      expect(await create(PRIVILEGED_POD)).toMatchObject({
        status: 403,
        body: { message: expect.stringContaining("violates PodSecurity") },
      });
      expectDenied(await create(namespace), kinds);
      expectDenied(await create(workerObject("Deployment", "default")), places);
      expectDenied(await send("DELETE", "/apis/apps/v1/namespaces/repl-orchestrator/deployments/api"), places);
      expectDenied(await send("PATCH", "/api/v1/namespaces/default/configmaps/kube-root-ca.crt", { data: {} }), places);
      expectDenied(
        await send("PATCH", `${REPLS}/configmaps/kube-root-ca.crt`, { metadata: { labels: OUR_LABELS } }),
        deniedBy("scope", "its own label"),
      );
      expectDenied(await create(secret("kubernetes.io/service-account-token")), deniedBy("scope", "credentials"));
      expectDenied(await create(route(["bank.example.com"])), deniedBy("http-routes", "domain of the repls"));
      expectDenied(await create(route([])), deniedBy("http-routes", "domain of the repls"));
      for (const allowed of [secret("Opaque"), route(["repl1.peetcode.com"])]) {
        expect((await create(allowed)).status).toBe(201);
      }
    } finally {
      await api.request("DELETE", pathOf(widened));
    }
  });

  it("is the only one whom the policies look at", async () => {
    const unlabelled = changed(workerObject("Deployment"), ({ metadata }) => Object.assign(metadata, { labels: {} }));
    const path = `${pathOf(unlabelled, "collection")}?dryRun=All`;
    expect((await deployed.api.request("POST", path, unlabelled)).status).toBe(201);
  });
});

function secret(type: string): Manifest {
  const annotations = { "kubernetes.io/service-account.name": "default" };
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s", namespace: "repls", labels: OUR_LABELS, annotations },
    type,
  };
}

function route(hostnames: readonly string[]): Manifest {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "repl1", namespace: "repls", labels: OUR_LABELS },
    spec: { hostnames },
  };
}

function harmlessPod(): Manifest {
  const { spec } = workerObject("Deployment")["spec"].template;
  return { ...PRIVILEGED_POD, spec };
}

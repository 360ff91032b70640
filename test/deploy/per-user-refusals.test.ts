import { missingTestCluster } from "@repl/testkit/vitest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pathOf } from "./support/apply.ts";
import { type DeployedCluster, openDeployedCluster } from "./support/deployed-cluster.ts";
import { compose, type Manifest } from "./support/kustomize.ts";
import { deniedBy } from "./support/refused-objects.ts";
import { OUR_LABELS, workerObject } from "./support/worker-objects.ts";

const OF_USER = { "app.kubernetes.io/managed-by": "repl-orchestrator", "repl-orchestrator.dev/user": "alice" };
const SECURE = { "pod-security.kubernetes.io/enforce": "restricted" };
const REACH = deniedBy("scope", "only where repls are");

function namespace(name: string, labels: Record<string, string>): Manifest {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

function secret(place: string, type = "Opaque", data: Record<string, string> = {}): Manifest {
  const annotations = { "kubernetes.io/service-account.name": "default" };
  const metadata = { name: "s", namespace: place, labels: OF_USER, annotations };
  return { apiVersion: "v1", kind: "Secret", metadata, type, data };
}

/** RBAC cannot tell namespaces apart by their names, so with the ClusterRole all of this is the policies' part. */
describe.skipIf(missingTestCluster())("a worker that was taken over, where each user has a namespace", () => {
  let deployed: DeployedCluster;
  beforeAll(async () => {
    deployed = await openDeployedCluster(
      await compose({ resources: ["overlays/local"], components: ["per-user-namespaces"] }),
    );
  });
  afterAll(() => deployed?.[Symbol.asyncDispose]());

  it("may make a user's namespace that enforces Pod Security", async () => {
    const { status, body } = await deployed.create(namespace("repl-user-alice", { ...OF_USER, ...SECURE }));
    expect([status, body.message]).toEqual([201, undefined]);
  });

  it("may apply a Secret that images are pulled with", async () => {
    const { api, token } = deployed;
    const manifest = secret("repls", "kubernetes.io/dockerconfigjson", { ".dockerconfigjson": btoa('{"auths":{}}') });
    const path = `${pathOf(manifest)}?fieldManager=test&dryRun=All`;
    const { status, body } = await api.request("PATCH", path, manifest, {
      token,
      contentType: "application/apply-patch+yaml",
    });
    expect([status, body.message]).toEqual([201, undefined]);
  });

  it.each<[string, Manifest, RegExp]>([
    ["a namespace elsewhere", namespace("mine", { ...OF_USER, ...SECURE }), REACH],
    ["one of nobody", namespace("repl-user-alice", SECURE), deniedBy("scope", "must carry its labels")],
    ["one without Pod Security", namespace("repl-user-alice", OF_USER), deniedBy("namespaces", "enforce Pod Security")],
    [
      "one that lets everything in",
      namespace("repl-user-alice", { ...OF_USER, "pod-security.kubernetes.io/enforce": "privileged" }),
      deniedBy("namespaces", "enforce Pod Security"),
    ],
    ["a Deployment elsewhere", workerObject("Deployment", "kube-system"), REACH],
    ["a Secret elsewhere", secret("kube-system"), REACH],
    [
      "a Secret that the cluster fills with credentials",
      secret("repls", "kubernetes.io/service-account-token"),
      deniedBy("scope", "credentials of the cluster"),
    ],
    [
      "a Deployment of no repl",
      { ...workerObject("Deployment"), metadata: { name: "repl1", namespace: "repls", labels: OF_USER } },
      deniedBy("scope", "must carry its labels"),
    ],
  ])("is refused: %s", async (_what, manifest, reason) => {
    const { status, body } = await deployed.create(manifest);
    expect([status, body.message]).toEqual([422, expect.stringMatching(reason)]);
  });

  it("cannot open another namespace by its labels", async () => {
    const { send, api } = deployed;
    const live = await api.get("/api/v1/namespaces/kube-system");
    const labels = { ...live.metadata.labels, ...OUR_LABELS, "pod-security.kubernetes.io/enforce": "restricted" };
    const opened = { ...live, metadata: { ...live.metadata, labels } };
    const { status, body } = await send("PUT", "/api/v1/namespaces/kube-system", opened);
    expect([status, body.message]).toEqual([422, expect.stringMatching(deniedBy("scope", ""))]);
  });

  it.each([
    ["GET", "/api/v1/secrets", 'cannot list resource "secrets"'],
    ["GET", "/api/v1/namespaces/repls/secrets/repl-s3-credentials", 'cannot get resource "secrets"'],
    ["DELETE", "/api/v1/namespaces/repls", 'cannot delete resource "namespaces"'],
  ])("has no right to %s %s", async (method, path, lacks) => {
    const { status, body } = await deployed.send(method, path);
    expect([status, body.message]).toEqual([403, expect.stringContaining(lacks)]);
  });
});

import { join } from "node:path";
import { userNamespace } from "@repl/provision";
import { listResources, waitFor } from "@repl/testkit";
import { missingTestCluster } from "@repl/testkit/vitest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pathsOf } from "../provisioning/support/resources.ts";
import { startSystem } from "../support/system.ts";
import { pathOf } from "./support/apply.ts";
import { type DeployedCluster, openDeployedCluster } from "./support/deployed-cluster.ts";
import { compose, K8S, kustomize, type Manifest } from "./support/kustomize.ts";
import { tokenOf } from "./support/service-account.ts";
import { changed, OUR_LABELS, workerObject } from "./support/worker-objects.ts";

/** Each mode of namespaces: what is applied, the worker's settings, and where alice's repls are. */
const MODES: readonly {
  name: string;
  render: () => Promise<Manifest[]>;
  env: Readonly<Record<string, string>>;
  home: string;
}[] = [
  {
    name: "one namespace for all",
    render: () => kustomize(join(K8S, "overlays/local")),
    env: {},
    home: "repls",
  },
  {
    name: "a namespace for each user",
    render: () => compose({ resources: ["overlays/local"], components: ["per-user-namespaces"] }),
    env: { NAMESPACE_MODE: "per-user" },
    home: userNamespace("alice", "repl-user-"),
  },
];

describe.skipIf(missingTestCluster()).each(MODES)("the worker with its ServiceAccount's token alone: $name", (mode) => {
  const { home } = mode;
  let deployed: DeployedCluster;
  beforeAll(async () => {
    deployed = await openDeployedCluster(await mode.render());
  });
  afterAll(() => deployed?.[Symbol.asyncDispose]());

  const start = async (env: Record<string, string>) => {
    const target = await deployed.cluster.as(deployed.token);
    return startSystem(target, { namespace: "repls", env: { ...mode.env, ...env } });
  };
  const statusOf = async (path: string) => (await deployed.api.request("GET", path)).status;

  it("starts a repl, sweeps, and stops it", async () => {
    const { api } = deployed;
    await using system = await start({ SWEEP_INTERVAL_SECONDS: "1" });
    const done = async (kind: "start" | "stop", replId: string) => system.ended(await system.submit(kind, replId));
    const paths = pathsOf(home, "repl1");

    expect(await done("start", "repl1")).toMatchObject({ state: "completed", error: null });
    for (const path of Object.values(paths)) expect([path, await statusOf(path)]).toEqual([path, 200]);

    await done("start", "late");
    await done("stop", "late");
    const orphan = changed(workerObject("Service", home), ({ metadata }) =>
      Object.assign(metadata, { name: "late", labels: { ...OUR_LABELS, "repl-orchestrator.dev/repl": "late" } }),
    );
    expect((await api.request("POST", pathOf(orphan, "collection"), orphan)).status).toBe(201);
    await waitFor(async () => (await statusOf(pathOf(orphan))) === 404, { what: "the sweep to remove the orphan" });
    await api.request("DELETE", paths.Service);
    await waitFor(async () => (await statusOf(paths.Service)) === 200, { what: "the sweep to repair the repl" });

    expect(await done("stop", "repl1")).toMatchObject({ state: "completed", error: null });
    await waitFor(
      async () => (await listResources(api, home, { labelSelector: "repl-orchestrator.dev/repl" })).length === 0,
      { what: "everything to be gone" },
    );
  });

  it("gathers the evidence of a start that fails, and cleans up", async () => {
    const { api } = deployed;
    await using system = await start({ UNSCHEDULABLE_GRACE_SECONDS: "0" });
    const cordon = (unschedulable: boolean) =>
      api.request("PATCH", "/api/v1/nodes/node-a", { spec: { unschedulable } });
    await cordon(true);
    try {
      const job = await system.ended(await system.submit("start", "nowhere"));
      expect(job).toMatchObject({ state: "failed", error: { code: "unschedulable" } });
      expect(JSON.stringify(job.error?.details)).toContain("FailedScheduling");
      expect(await statusOf(pathsOf(home, "nowhere").Service)).toBe(404);
    } finally {
      await cordon(false);
    }
  });

  it("the api's ServiceAccount has no right but those of every account", async () => {
    const { api } = deployed;
    const token = await tokenOf(api, "repl-orchestrator", "api");
    for (const namespace of [home, "repl-orchestrator"]) {
      const path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
      const review = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectRulesReview", spec: { namespace } };
      const { body } = await api.request("POST", path, review, { token });
      const groups = body.status.resourceRules.flatMap((rule: { apiGroups: string[] }) => rule.apiGroups);
      expect([...new Set(groups)].sort()).toEqual(["authentication.k8s.io", "authorization.k8s.io"]);
    }
  });
});

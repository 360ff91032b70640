import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  assertNoResources,
  createApiClient,
  listResources,
  startTcpProxy,
  startTestCluster,
  tempNamespace,
  waitFor,
  whyNoTestCluster,
  writeKubeconfig,
} from "../src/index.ts";
import { missingTestCluster, useTestCluster } from "../src/vitest.ts";

const configMap = (name: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, labels: { app: name } },
});

describe.skipIf(missingTestCluster())("the run's shared cluster", () => {
  test("is one for everybody", async () => {
    const [one, two] = await Promise.all([useTestCluster(), useTestCluster()]);
    expect(one.server).toBe(two.server);
    expect((await one.get("/version")).gitVersion).toMatch(/^v1\./);
    expect(await one.kubectl("get", "nodes", "-o", "name")).toBe("node/node-a\n");
  });

  test("a namespace of a test's own is there and gone again; what was left in it is named", async () => {
    const cluster = await useTestCluster();
    const namespace = await tempNamespace(cluster);
    await assertNoResources(cluster, namespace.name);
    const path = `/api/v1/namespaces/${namespace.name}/configmaps`;
    expect((await cluster.request("POST", path, configMap("left"))).status).toBe(201);
    expect((await cluster.request("POST", path, configMap("left"))).body).toMatchObject({ reason: "AlreadyExists" });
    expect(await listResources(cluster, namespace.name, { labelSelector: "app=other" })).toEqual([]);
    await expect(assertNoResources(cluster, namespace.name)).rejects.toThrow(
      "still holds 1 resources:\nConfigMap/left",
    );
    await namespace.delete();
    await namespace.delete();
    expect((await cluster.request("GET", `/api/v1/namespaces/${namespace.name}`)).status).toBe(404);
  });

  test("is reached through a proxy with a kubeconfig of its own", async () => {
    const cluster = await useTestCluster();
    const proxy = await startTcpProxy({ targetPort: Number(new URL(cluster.server).port) });
    const dir = await mkdtemp(join(tmpdir(), "repl-kubeconfig-"));
    const server = `https://127.0.0.1:${proxy.port}`;
    await writeKubeconfig(join(dir, "config"), { ...cluster, server });
    expect(await cluster.kubectl("--kubeconfig", join(dir, "config"), "config", "view", "--minify")).toContain(server);
    const client = await createApiClient({ ...cluster, server });
    expect((await client.request("GET", "/readyz")).body).toBe("ok");
    await client.close();
    await proxy.stop();
    await rm(dir, { recursive: true });
  });
});

test.skipIf(missingTestCluster())("a private cluster takes flags, logs its requests, and leaves nothing", async () => {
  const cluster = await startTestCluster({
    controllers: false,
    audit: "RequestResponse",
    apiserverFlags: ["--enable-priority-and-fairness=false", "--max-requests-inflight=300"],
  });
  const { dataDir } = cluster;
  await cluster.request("POST", "/api/v1/namespaces/default/configmaps", configMap("a"));
  const created = await waitFor(
    async () =>
      (await cluster.auditEvents()).find(({ verb, objectRef }) => verb === "create" && objectRef?.name === "a"),
    { what: "the audit event" },
  );
  expect(created).toMatchObject({ responseStatus: { code: 201 }, requestObject: { kind: "ConfigMap" } });
  const metrics = await cluster.kubectl("get", "--raw", "/metrics");
  expect(metrics).not.toContain("apiserver_flowcontrol_nominal_limit_seats{");
  cluster.signal("etcd", "SIGSTOP");
  await cluster.stop();
  await cluster.stop();
  expect(existsSync(dataDir)).toBe(false);
  await expect(cluster.request("GET", "/readyz")).rejects.toThrow();
});

test("a flag that kube-apiserver does not know is an error with what it said", async ({ skip }) => {
  if (await whyNoTestCluster()) skip();
  await expect(startTestCluster({ apiserverFlags: ["--no-such-flag"] })).rejects.toThrow("no-such-flag");
});

import { readFile } from "node:fs/promises";
import { NO_DELAYS, type Simulator, startSimulator } from "@repl/simulator";
import type { TestCluster } from "@repl/testkit";
import { describeKubernetesConformance } from "@repl/testkit/conformance";
import { missingTestCluster, useTestCluster } from "@repl/testkit/vitest";
import { afterAll, beforeAll, describe } from "vitest";

// One suite against both, so that the simulator cannot drift from what it stands for.

describe("simulator", () => {
  let simulator: Simulator;

  beforeAll(async () => {
    simulator = await startSimulator({ tls: true, delays: NO_DELAYS });
  });
  afterAll(() => simulator.close());

  describeKubernetesConformance("the simulator", async () => {
    const { url, token, ca } = simulator;
    return { url, token, readyTimeoutMs: 10_000, ...(ca === undefined ? {} : { ca }) };
  });
});

describe.skipIf(missingTestCluster())("real control plane", () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await useTestCluster();
  });
  afterAll(() => cluster?.close());

  describeKubernetesConformance("a real kube-apiserver", async () => ({
    url: cluster.server,
    token: cluster.token,
    ca: await readFile(cluster.caPath, "utf8"),
  }));
});

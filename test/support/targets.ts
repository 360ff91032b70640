import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NO_DELAYS, type Simulator, startSimulator } from "@repl/simulator";
import { type ApiClient, createApiClient } from "@repl/testkit";
import { missingTestCluster, useTestCluster } from "@repl/testkit/vitest";

/** A Kubernetes API that the system tests run against. */
export interface Target extends AsyncDisposable {
  readonly kubeconfigPath: string;
  readonly api: ApiClient;
}

/** Both Kubernetes APIs; each system test runs against each of them. */
export const TARGETS: readonly { name: string; missing: () => string | undefined; open: () => Promise<Target> }[] = [
  { name: "simulator", missing: () => undefined, open: () => openSimulator() },
  { name: "real control plane", missing: missingTestCluster, open: openCluster },
];

/** A simulator, for tests that make it misbehave. */
export interface SimulatorTarget extends Target {
  readonly simulator: Simulator;
}

/** A simulator of its own, whose pods are ready at once. */
export async function openSimulator(
  options: { readonly gatewayApi?: boolean; readonly controllers?: boolean } = {},
): Promise<SimulatorTarget> {
  const simulator = await startSimulator({ tls: true, delays: NO_DELAYS, ...options });
  const folder = await mkdtemp(join(tmpdir(), "simulator-"));
  const kubeconfigPath = join(folder, "kubeconfig");
  const caPath = join(folder, "ca.crt");
  await Promise.all([simulator.writeKubeconfig(kubeconfigPath), writeFile(caPath, simulator.ca ?? "")]);
  const api = await createApiClient({ server: simulator.url, caPath, token: simulator.token });
  return {
    kubeconfigPath,
    api,
    simulator,
    async [Symbol.asyncDispose]() {
      await api.close();
      await simulator.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function openCluster(): Promise<Target> {
  const cluster = await useTestCluster();
  return {
    kubeconfigPath: cluster.kubeconfigPath,
    api: cluster,
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

import type { TestProject } from "vitest/node";
import { openSharedCluster } from "./cluster/shared-cluster.ts";
import { whyNoTestCluster } from "./cluster/test-cluster.ts";
import { requiresAll } from "./process/environment.ts";
import "./cluster/use-test-cluster.ts";

/** Vitest's global setup: offers the run's shared cluster, and stops it when the run is over. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const missing = requiresAll() ? undefined : await whyNoTestCluster();
  const shared = await openSharedCluster();
  project.provide("testCluster", { url: shared.url, missing });
  if (missing !== undefined) console.warn(`Tests on the real control plane are skipped: ${missing}`);
  return shared.stop;
}

import { openCluster, type TestCluster } from "./cluster.ts";
import type { ConformanceTarget } from "./target.ts";

/** Declares tests that each get a fresh namespace, removed afterwards whatever happens. */
export type WithCluster = (run: (cluster: TestCluster) => Promise<void>) => () => Promise<void>;

/** A part of the suite: declares its tests with the given wrapper. */
export type Part = (withCluster: WithCluster, getTarget: () => Promise<ConformanceTarget>) => void;

export const clusterFor =
  (getTarget: () => Promise<ConformanceTarget>): WithCluster =>
  (run) =>
  async () => {
    const cluster = await openCluster(await getTarget());
    try {
      await run(cluster);
    } finally {
      await cluster.remove();
    }
  };

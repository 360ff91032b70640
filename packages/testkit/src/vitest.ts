// The run's shared cluster; only within vitest, hence an entry of its own.
export { missingTestCluster, useTestCluster } from "./cluster/use-test-cluster.ts";

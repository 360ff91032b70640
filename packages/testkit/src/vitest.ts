// What belongs to a run or a file of tests: only within vitest, hence an entry of its own.
export { missingTestCluster, useTestCluster } from "./cluster/use-test-cluster.ts";
export { useRedis } from "./redis/use-redis.ts";

// Waiting

export { waitFor } from "./wait-for.ts";

// Kubernetes

export { type ApiAnswer, type ApiClient, createApiClient, openApiClient } from "./cluster/api-client.ts";
export type { AuditEvent } from "./cluster/audit-log.ts";
export { assertNoResources, listResources } from "./cluster/clean-namespace.ts";
export { writeKubeconfig } from "./cluster/kubeconfig.ts";
export { type OwnTestCluster, startTestCluster, type TestClusterOptions } from "./cluster/start-test-cluster.ts";
export { tempNamespace } from "./cluster/temp-namespace.ts";
export { type TestCluster, whyNoTestCluster } from "./cluster/test-cluster.ts";

// Network

export type { HttpCall, HttpFault, HttpOutcome } from "./http/http-call.ts";
export { type HttpFaults, startHttpFaults } from "./http/http-faults.ts";
export { freePort } from "./net/free-port.ts";
export { startTcpProxy, type TcpProxy } from "./net/tcp-proxy.ts";
export { type Authority, createAuthority, type Issued, type IssueOptions } from "./tls/authority.ts";

// Processes

export { allocatedBytes, COUNTS_ALLOCATIONS } from "./process/allocations.ts";
export { findProgram, isExecutable } from "./process/find-program.ts";
export { createLoopBlock, type LoopBlock } from "./process/loop-block.ts";
export {
  ProcessError,
  type ProcessExit,
  type ProcessOptions,
  type RunningProcess,
  startProcess,
} from "./process/start-process.ts";

// Redis

export { assertCleanRedis, keysWithPrefix } from "./redis/clean-redis.ts";
export { findValkey, missingValkey } from "./redis/find-valkey.ts";
export { type RedisCost, redisCost, redisCostBetween } from "./redis/redis-cost.ts";
export { whyNoSmallDisk } from "./redis/small-disk.ts";
export { startRedis, type TestRedis } from "./redis/start-redis.ts";
export { startRedisCluster, type TestRedisCluster } from "./redis/start-redis-cluster.ts";
export { startSentinel } from "./redis/start-sentinel.ts";

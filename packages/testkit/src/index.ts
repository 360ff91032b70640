// Waiting

// Kubernetes
export {
  type ApiAccess,
  type ApiAnswer,
  type ApiClient,
  type ApiRequestOptions,
  createApiClient,
} from "./cluster/api-client.ts";
export type { AuditEvent } from "./cluster/audit-log.ts";
export { assertNoResources, type CleanNamespaceOptions, listResources } from "./cluster/clean-namespace.ts";
export type { ClusterPart } from "./cluster/cluster-part.ts";
export { type KubeconfigOptions, writeKubeconfig } from "./cluster/kubeconfig.ts";
export { type OwnTestCluster, startTestCluster, type TestClusterOptions } from "./cluster/start-test-cluster.ts";
export { type TempNamespace, tempNamespace } from "./cluster/temp-namespace.ts";
export { connectTestCluster, type TestCluster, whyNoTestCluster } from "./cluster/test-cluster.ts";
// Network
export { freePort } from "./net/free-port.ts";
export type { LinkFault } from "./net/link.ts";
export {
  type Direction,
  type Inspection,
  startTcpProxy,
  type TcpProxy,
  type TcpProxyOptions,
  type Verdict,
} from "./net/tcp-proxy.ts";
// Processes
export type { Output } from "./process/output.ts";
export {
  ProcessError,
  type ProcessExit,
  type ProcessOptions,
  type ReadySign,
  type RunningProcess,
  startProcess,
} from "./process/start-process.ts";
// Redis
export { assertCleanRedis, type CleanRedisOptions, keysWithPrefix } from "./redis/clean-redis.ts";
export { type RedisOptions, startRedis, type TestRedis } from "./redis/start-redis.ts";
export { type WaitOptions, waitFor } from "./wait-for.ts";

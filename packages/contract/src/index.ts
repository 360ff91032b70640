// Jobs and their queue

export {
  type Action,
  JOB_KINDS,
  JOB_STATES,
  type JobKind,
  JobStatus,
  PHASES,
  type Phase,
  ResourceStatus,
  TERMINAL_STATES,
  WAITING_STATES,
} from "./job.ts";
export {
  enqueue,
  FIRST_BACKOFF_MS,
  type JobPayload,
  type JobQueue,
  KEEP_ENDED,
  LAST_TURN,
  MAX_ATTEMPTS,
  openJobQueue,
  type QueuedJob,
} from "./job-queue.ts";
export { DEFAULT_PREFIX, keysOf, QUEUE_NAME, SWEEP_QUEUE_NAME } from "./keys.ts";

// Repls

export { ANONYMOUS_USER, LONGEST_REPL_ID, type Repl, ReplId, UserId } from "./repl.ts";
export { ReplStatus } from "./repl-status.ts";

// Failures

export { FAILURES, Failure, type FailureCode, toFailure } from "./failure.ts";

// Redis

export { parseRedisUrl, REDIS_URL_FORMS } from "./redis/address.ts";
export { connectForRequests, connectForWork } from "./redis/connect.ts";
export { explainRedisError } from "./redis/explain-error.ts";
export { inspectServers } from "./redis/inspect-servers.ts";
export { type RedisPlace, type RedisSettings, RedisSettingsError, redisPlace } from "./redis/place.ts";
export { createRedisCheck, type RedisCheck } from "./redis/redis-check.ts";
export { type RedisMemory, readRedisMemory } from "./redis/redis-memory.ts";
export { isRefusal } from "./redis/refusals.ts";

// What is kept in it

export type { Acceptance, AcceptLimits, Admission, JobRequest, RateState } from "./store/acceptance.ts";
export { type Backlog, createBacklogReader, QUEUE_STATES } from "./store/backlog.ts";
export { createIntentStore, type Intent, type IntentStore } from "./store/intent-store.ts";
export { createJobStore, type Hold, type JobStore, type JobStoreOptions, type Lease } from "./store/job-store.ts";
export { decodeRecord, type JobChange, type JobRecord, jobIdOf, toJobStatus } from "./store/record.ts";
export { toReplStatus } from "./store/repl-record.ts";
export { createReplStore, type ReplStore } from "./store/repl-store.ts";
export { ANNOUNCED_MS, createWorkerRegister, type WorkerRegister } from "./store/worker-register.ts";

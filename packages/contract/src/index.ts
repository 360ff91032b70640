// Words of the contract

// Failures
export { FAILURES, Failure, type FailureCode, type FailureOptions, toFailure } from "./failure.ts";
export {
  ACTIONS,
  type Action,
  JOB_KINDS,
  JOB_REASONS,
  JOB_STATES,
  JobError,
  type JobKind,
  type JobReason,
  type JobState,
  JobStatus,
  PHASES,
  type Phase,
  ResourceStatus,
  TERMINAL_STATES,
} from "./job.ts";
export {
  enqueue,
  FIRST_BACKOFF_MS,
  fairPriority,
  JOB_OPTIONS,
  type JobPayload,
  type JobQueue,
  MAX_ATTEMPTS,
  openJobQueue,
  type QueuedJob,
} from "./job-queue.ts";
export { DEFAULT_PREFIX, type Keys, keysOf, QUEUE_NAME, SWEEP_QUEUE_NAME } from "./keys.ts";
// Redis
export { connectForRequests, connectForWork } from "./redis.ts";
export { ANONYMOUS_USER, type Repl, ReplId, UserId } from "./repl.ts";
export { REPL_STATES, type ReplState, ReplStatus } from "./repl-status.ts";
export type {
  Acceptance,
  AcceptLimits,
  Admission,
  JobRequest,
  RateState,
  Refusal,
  UserLimitRefusal,
} from "./store/acceptance.ts";
export { type Backlog, createBacklogReader } from "./store/backlog.ts";
export { createIntentStore, type Intent, type IntentStore } from "./store/intent-store.ts";
export {
  type Beginning,
  createJobStore,
  type Hold,
  type JobStore,
  type JobStoreOptions,
  type Lease,
} from "./store/job-store.ts";
export { decodeRecord, type JobChange, type JobRecord, type PastAttempt, toJobStatus } from "./store/record.ts";
export { type LatestJob, type ReplRecord, toReplStatus } from "./store/repl-record.ts";
export { createReplStore, type ReplPage, type ReplStore } from "./store/repl-store.ts";

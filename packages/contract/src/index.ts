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
  JOB_OPTIONS,
  type JobPayload,
  type JobQueue,
  MAX_ATTEMPTS,
  openJobQueue,
  type QueuedJob,
} from "./job-queue.ts";
export { DEFAULT_PREFIX, type Keys, keysOf, QUEUE_NAME } from "./keys.ts";
// Redis
export { connectForRequests, connectForWork } from "./redis.ts";
export { ANONYMOUS_USER, type Repl, ReplId, UserId } from "./repl.ts";
export { createIntentStore, type Intent, type IntentStore } from "./store/intent-store.ts";
export {
  type Acceptance,
  type Beginning,
  createJobStore,
  type Hold,
  type JobRequest,
  type JobStore,
  type JobStoreOptions,
  type Lease,
} from "./store/job-store.ts";
export { decodeRecord, type JobChange, type JobRecord, type PastAttempt, toJobStatus } from "./store/record.ts";

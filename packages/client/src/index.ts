// Calling the service
export {
  type CallOptions,
  type ClientOptions,
  createClient,
  type OrderOptions,
  type ReplClient,
} from "./create-client.ts";
// Errors
export { ApiError, ConnectionError, type FieldError, JobFailedError } from "./errors.ts";
export type { Token } from "./http/http.ts";
export type { Timing } from "./http/timing.ts";
// What the service tells
export { durationText, hasEnded, placeText, STEPS } from "./job-words.ts";
export type {
  JobAccepted,
  JobError,
  JobKind,
  JobState,
  JobStatus,
  PastAttempt,
  Phase,
  PhaseTiming,
  QueuePlace,
  ReplState,
  ReplStatus,
  ResourceStatus,
} from "./wire.ts";

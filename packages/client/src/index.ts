// Calling the service

// Errors
export type { FailureCode, ProblemCode } from "./codes.ts";
export {
  type CallOptions,
  type ClientOptions,
  createClient,
  type OrderOptions,
  type ReplClient,
  type WaitOptions,
} from "./create-client.ts";
export {
  ApiError,
  ConnectionError,
  type FieldError,
  JobFailedError,
  mayPass,
  UnexpectedAnswerError,
} from "./errors.ts";
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

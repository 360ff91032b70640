/** Why jobs fail; docs/errors.md says of each what to do. */
export const FAILURE_CODES = [
  "resource_conflict",
  "image_pull_failed",
  "container_crash_loop",
  "out_of_memory",
  "copy_failed",
  "config_error",
  "quota_exceeded",
  "unschedulable",
  "pod_refused",
  "evicted",
  "node_lost",
  "workload_deleted",
  "deadline_exceeded",
  "address_silent",
  "delete_blocked",
  "template_rejected",
  "policy_refused",
  "namespace_missing",
  "namespace_terminating",
  "cluster_forbidden",
  "cluster_capacity",
  "cluster_unavailable",
  "worker_crashed",
  "internal_error",
] as const;

/** Why a job failed, as far as this version of the client knows; docs/errors.md says of each what to do. */
export type FailureCode = (typeof FAILURE_CODES)[number];

/** What the service answers instead of what was asked for; docs/errors.md says of each what to do. */
export const PROBLEM_CODES = [
  "invalid_request",
  "malformed_request",
  "unauthorized",
  "forbidden",
  "forbidden_user",
  "not_found",
  "job_not_found",
  "repl_not_found",
  "method_not_allowed",
  "request_timeout",
  "repl_taken",
  "idempotency_in_flight",
  "body_too_large",
  "address_too_long",
  "unsupported_media_type",
  "idempotency_mismatch",
  "rate_limited",
  "user_limit",
  "too_many_followers",
  "user_followers",
  "headers_too_large",
  "internal_error",
  "dependency_unavailable",
  "keys_unavailable",
  "not_ready",
  "overloaded",
  "queue_full",
  "shutting_down",
] as const;

/** Why the service refused a request, as far as this version of the client knows; docs/errors.md says of each what to do. */
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** Text of which some values are known: editors offer them, and a newer service may send others. */
export type Open<Known extends string> = Known | (string & {});

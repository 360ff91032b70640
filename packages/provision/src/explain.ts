import { Failure, type FailureCode } from "@repl/contract";
import { KubeError } from "@repl/kube";

/** Answers of the API server whose row says more than its class. */
const BY_CODE: Readonly<Record<string, FailureCode>> = {
  namespace_missing: "namespace_missing",
  quota_exceeded: "quota_exceeded",
  webhook_denied: "policy_refused",
  policy_denied: "policy_refused",
  admission_refused: "policy_refused",
  pod_security: "policy_refused",
  quota_unspecified: "policy_refused",
  limit_range: "policy_refused",
  field_manager_conflict: "resource_conflict",
};

const BY_CLASS: Readonly<Record<KubeError["class"], FailureCode>> = {
  retry: "cluster_unavailable",
  retry_after: "cluster_unavailable",
  outcome_unknown: "cluster_unavailable",
  reread: "cluster_unavailable",
  already_exists: "cluster_unavailable",
  wait_until_gone: "delete_blocked",
  gone: "cluster_unavailable",
  expired: "cluster_unavailable",
  capacity: "cluster_capacity",
  unauthenticated: "cluster_forbidden",
  forbidden: "cluster_forbidden",
  namespace_terminating: "namespace_terminating",
  final: "template_rejected",
  bug: "internal_error",
};

/** A failed call as the job's failure; anything else is passed on as it is. */
export function explain(error: unknown): unknown {
  if (!(error instanceof KubeError)) return error;
  const code = BY_CODE[error.code] ?? BY_CLASS[error.class];
  const { subject, verb, status, reason, serverMessage } = error;
  return new Failure(code, {
    detail: `${subject}: ${serverMessage}`,
    details: { subject, verb, status: status ?? null, reason: reason ?? error.code, message: serverMessage },
    cause: error,
  });
}

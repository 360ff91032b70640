import type { JobError } from "./job.ts";

interface FailureKind {
  /**
   * Who tries again. `worker`: the next attempt may succeed within seconds. `user`: the same start may succeed later,
   * and whoever asked for it should hear of it now. `nobody`: it fails the same way until something is changed.
   */
  readonly retriedBy: "worker" | "user" | "nobody";
  /** For the user; a full sentence without the particulars, which `Failure.detail` adds. */
  readonly sentence: string;
}

/** Every way in which a job can end other than `completed`. docs/errors.md lists the same codes; a test compares both. */
export const FAILURES = {
  resource_conflict: {
    retriedBy: "nobody",
    sentence: "A resource with this name exists in the cluster and belongs to someone else.",
  },
  image_pull_failed: { retriedBy: "nobody", sentence: "The container image could not be pulled." },
  container_crash_loop: { retriedBy: "nobody", sentence: "The workspace's program keeps crashing." },
  out_of_memory: { retriedBy: "nobody", sentence: "The workspace used more memory than it may." },
  copy_failed: { retriedBy: "nobody", sentence: "Copying the repl's files into the workspace failed." },
  config_error: {
    retriedBy: "nobody",
    sentence: "The workspace refers to configuration that does not exist or cannot be used.",
  },
  quota_exceeded: { retriedBy: "user", sentence: "The quota of the cluster's namespace is used up." },
  unschedulable: { retriedBy: "user", sentence: "No node of the cluster has room for the workspace." },
  pod_refused: { retriedBy: "nobody", sentence: "The cluster's policy refused the workspace's pod." },
  evicted: { retriedBy: "worker", sentence: "The cluster evicted the workspace while it was starting." },
  node_lost: { retriedBy: "user", sentence: "The node on which the workspace was starting went away." },
  workload_deleted: {
    retriedBy: "worker",
    sentence: "Somebody deleted the workspace in the cluster while it was starting.",
  },
  deadline_exceeded: { retriedBy: "user", sentence: "The workspace was not ready in time." },
  address_silent: { retriedBy: "user", sentence: "The workspace runs, but its address does not answer." },
  delete_blocked: { retriedBy: "worker", sentence: "A resource is being deleted but does not go away." },
  template_rejected: { retriedBy: "nobody", sentence: "The cluster refused a manifest of the template." },
  policy_refused: { retriedBy: "nobody", sentence: "A policy of the cluster refused a resource." },
  namespace_missing: { retriedBy: "nobody", sentence: "The namespace for repls does not exist." },
  namespace_terminating: { retriedBy: "user", sentence: "The namespace for repls is being deleted." },
  cluster_forbidden: {
    retriedBy: "nobody",
    sentence: "The worker's credentials do not allow it to manage this resource.",
  },
  cluster_capacity: { retriedBy: "user", sentence: "The cluster has run out of a resource it hands out." },
  cluster_unavailable: { retriedBy: "worker", sentence: "The cluster did not answer." },
  worker_crashed: { retriedBy: "nobody", sentence: "Workers ended unexpectedly each time they took this job." },
  internal_error: { retriedBy: "worker", sentence: "An unexpected error occurred in the orchestrator." },
} as const satisfies Record<string, FailureKind>;

/** A key of {@link FAILURES}. */
export type FailureCode = keyof typeof FAILURES;

/** What a failure may carry beside its code. */
export interface FailureOptions {
  /** The particulars for the user, as a sentence: which image, which resource, which exit code. */
  readonly detail?: string;
  /** The evidence kept with the job; JSON values only, no secrets. */
  readonly details?: Record<string, unknown>;
  /** The original error; it goes to the log, never to a client. */
  readonly cause?: unknown;
}

/** A job's failure as data. The only error that a stage of the pipeline throws on purpose. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: FailureCode;
  readonly details: Record<string, unknown>;

  constructor(code: FailureCode, { detail, details = {}, cause }: FailureOptions = {}) {
    super([FAILURES[code].sentence, detail].filter(Boolean).join(" "), cause === undefined ? {} : { cause });
    this.code = code;
    this.details = details;
  }

  /** Whether the job's next attempt may succeed. */
  get retriedByWorker(): boolean {
    return FAILURES[this.code].retriedBy === "worker";
  }

  /** The shape clients see. */
  toJobError(): JobError {
    return {
      code: this.code,
      message: this.message,
      retryable: FAILURES[this.code].retriedBy !== "nobody",
      details: this.details,
    };
  }
}

/** Any thrown value as a {@link Failure}; what nobody foresaw becomes `internal_error` and keeps its cause for the log. */
export function toFailure(thrown: unknown): Failure {
  return thrown instanceof Failure ? thrown : new Failure("internal_error", { cause: thrown });
}

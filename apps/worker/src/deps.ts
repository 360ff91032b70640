import type { JobStore } from "@repl/contract";
import type { KubeClient } from "@repl/kube";
import type { Log, Tracer } from "@repl/ops";
import type { AnsweringOptions, ClusterView, Graces, Homes, Patience, Reach, Template } from "@repl/provision";

/** What the pipelines of start and stop work with. */
export interface ProvisionDeps {
  readonly template: Template;
  readonly homes: Homes;
  readonly reach: Reach;
  readonly client: KubeClient;
  readonly view: ClusterView;
  readonly patience: Patience;
  readonly graces: Graces;
  /** Longest wait for a workload to be ready. */
  readonly startTimeoutMs: number;
  /** How far a start is followed beyond its pods. */
  readonly answering: AnsweringOptions;
  readonly tracer: Tracer;
}

/** What running a job needs beside the pipelines. */
export interface RunDeps extends ProvisionDeps {
  readonly store: JobStore;
  readonly log: Log;
  /** Whether a start that failed for good deletes what it made. */
  readonly cleanUpOnFailure: boolean;
}

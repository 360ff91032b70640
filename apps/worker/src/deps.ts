import type { JobStore } from "@repl/contract";
import type { KubeClient } from "@repl/kube";
import type { AnsweringOptions, ClusterView, Graces, Patience, Template } from "@repl/provision";
import type { Logger } from "pino";

/** What the pipelines of start and stop work with. */
export interface ProvisionDeps {
  readonly template: Template;
  readonly namespace: string;
  readonly client: KubeClient;
  readonly view: ClusterView;
  readonly patience: Patience;
  readonly graces: Graces;
  /** Longest wait for a workload to be ready. */
  readonly startTimeoutMs: number;
  /** How far a start is followed beyond its pods. */
  readonly answering: AnsweringOptions;
}

/** What running a job needs beside the pipelines. */
export interface RunDeps extends ProvisionDeps {
  readonly store: JobStore;
  readonly log: Logger;
  /** Whether a start that failed for good deletes what it made. */
  readonly cleanUpOnFailure: boolean;
}

import type { JobChange } from "@repl/contract";

/** What a stage needs to know of the attempt it works for. */
export interface Attempt {
  /** Aborted when the job was cancelled, the lease was lost or the worker is shutting down. */
  readonly signal: AbortSignal;
  /** To be awaited before each write to the cluster; rejects when this attempt may not write any more. */
  guard(): Promise<void>;
  /** Shows the client where the job stands. */
  report(change: JobChange): Promise<void>;
}

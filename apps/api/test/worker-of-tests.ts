import type { JobChange, JobStore } from "@repl/contract";

/** What a worker does to a job's record, by the real store. */
export interface Attempt {
  report(change: JobChange): Promise<void>;
  complete(): Promise<void>;
  fail(): Promise<void>;
}

/** Begins an attempt of a job. */
export async function beginAttempt(store: JobStore, jobId: string, replId: string): Promise<Attempt> {
  const lease = { jobId, replId, token: "attempt" };
  await store.begin(jobId, lease.token);
  const settle = async (state: "completed" | "failed", change: JobChange) =>
    void (await store.settle(lease, state, change));
  return {
    report: async (change) => void (await store.report(lease, change)),
    complete: () =>
      settle("completed", {
        phase: "done",
        progress: 100,
        message: "Resources created successfully.",
        urls: ["http://repl123.peetcode.com"],
      }),
    fail: () =>
      settle("failed", {
        message: "Failed to create resources: the image could not be pulled.",
        error: {
          code: "image_pull_failed",
          message: "The container image could not be pulled.",
          retryable: false,
          details: { container: "runner" },
        },
      }),
  };
}

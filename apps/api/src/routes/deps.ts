import type { JobKind, JobPayload, JobStore, ReplStore } from "@repl/contract";
import type { Tracer } from "@repl/ops";
import type { JobFeed } from "../follow/job-feed.ts";
import type { TakeSeat } from "../follow/seat.ts";
import type { ApiMetrics } from "../metrics/api-metrics.ts";

/** What the routes need of the rest of the process. */
export interface RouteDeps {
  readonly store: Pick<JobStore, "accept" | "find">;
  readonly repls: ReplStore;
  /** Puts an accepted job into the queue; may take as long as Redis is away. */
  readonly enqueue: (jobId: string, kind: JobKind, payload: JobPayload, turn: number) => Promise<void>;
  readonly feed: JobFeed;
  readonly takeSeat: TakeSeat;
  /** An event stream without events says this often that it lives. */
  readonly heartbeatMs: number;
  readonly metrics: ApiMetrics;
  readonly tracer: Tracer;
}

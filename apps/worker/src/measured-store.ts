import type { Hold, JobKind, JobRecord, JobStore, Lease } from "@repl/contract";
import type { WorkerMetrics } from "./worker-metrics.ts";

interface Measured {
  readonly kind: JobKind;
  readonly createdAt: number;
  phase: string;
  sinceMs: number;
}

/** The store, with every attempt that goes through it measured: all that is to be known of attempts passes here. */
export function measureStore(store: JobStore, metrics: WorkerMetrics): JobStore {
  const attempts = new Map<string, Measured>();

  const enter = (attempt: Measured, phase: string | undefined) => {
    if (phase === undefined || phase === attempt.phase) return;
    const nowMs = performance.now();
    metrics.phaseEnded(attempt.kind, attempt.phase, (nowMs - attempt.sinceMs) / 1_000);
    attempt.phase = phase;
    attempt.sinceMs = nowMs;
  };

  const hear = ({ token }: Lease, hold: Hold | undefined, phase?: string) => {
    const attempt = attempts.get(token);
    if (attempt === undefined || hold === undefined) return;
    if (hold === "ok") return enter(attempt, phase);
    attempts.delete(token); // It is heard of once: what it does to give up no longer counts.
    metrics.attemptEnded(attempt.kind, hold, "");
  };

  return {
    ...store,
    async begin(jobId, token) {
      const beginning = await store.begin(jobId, token);
      if (beginning.outcome === "run" || beginning.outcome === "crashed") {
        const { record } = beginning;
        attempts.set(token, measured(record));
        // Once for each job: an attempt that was handed back is made again under its number.
        if (record.made === 1 && record.history.length === 0)
          metrics.phaseEnded(record.kind, "queued", waitedSeconds(record));
      }
      return beginning;
    },
    async renew(leases) {
      const holds = await store.renew(leases);
      for (const [index, lease] of leases.entries()) hear(lease, holds[index]);
      return holds;
    },
    async report(lease, change) {
      const hold = await store.report(lease, change);
      hear(lease, hold, change.phase);
      return hold;
    },
    async settle(lease, state, change) {
      let attempt: Measured | undefined;
      const hold = await store.settle(lease, state, change).finally(() => {
        attempt = attempts.get(lease.token); // Not before: a renewal that was under way may have been heard meanwhile.
        attempts.delete(lease.token);
      });
      if (attempt === undefined) return hold;
      if (hold !== "ok") {
        metrics.attemptEnded(attempt.kind, hold, "");
        return hold;
      }
      enter(attempt, "ended");
      metrics.attemptEnded(attempt.kind, state, state === "completed" ? "" : (change.error?.code ?? ""));
      if (state === "completed" || state === "failed") {
        metrics.jobEnded(attempt.kind, state, Math.max(0, Date.now() - attempt.createdAt) / 1_000);
      }
      return hold;
    },
  };
}

function measured({ kind, createdAt }: JobRecord): Measured {
  const phase = kind === "start" ? "applying" : "deleting"; // The first report follows within milliseconds.
  return { kind, createdAt, phase, sinceMs: performance.now() };
}

function waitedSeconds({ createdAt, startedAt }: JobRecord): number {
  return Math.max(0, (startedAt ?? createdAt) - createdAt) / 1_000;
}

import type { SpanOptions } from "./tracer.ts";

/** What a span of a job says of it. */
export interface TracedJob {
  readonly queue: string;
  readonly jobId: string;
  readonly kind: string;
  readonly replId: string;
  /** From 1; left out where the job is only being queued. */
  readonly attempt?: number;
}

/**
 * How the span of a job's acceptance (`producer`) and of each of its attempts (`consumer`) begins, by OpenTelemetry's
 * semantic conventions for messaging. The user is left out: it may be an e-mail address, and traces go to more places
 * and people than logs.
 */
export function jobSpan(kind: "producer" | "consumer", job: TracedJob): { name: string; options: SpanOptions } {
  const operation = kind === "producer" ? "send" : "process";
  const attributes = {
    "messaging.system": "bullmq",
    "messaging.destination.name": job.queue,
    "messaging.operation.name": operation,
    "messaging.operation.type": operation,
    "messaging.message.id": job.jobId,
    "job.id": job.jobId,
    "job.kind": job.kind,
    "job.attempt": job.attempt,
    "repl.id": job.replId,
  };
  return { name: `${operation} ${job.queue}`, options: { kind, attributes } };
}

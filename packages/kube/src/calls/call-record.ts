import type { CallRecord } from "../client-types.ts";
import { warningsOf } from "../errors/answer-error.ts";
import type { Verb } from "../errors/error-class.ts";
import { KubeError } from "../errors/kube-error.ts";
import type { Answer } from "../transport/exchange.ts";

/** What a record says of the call itself. */
interface Recorded {
  verb: Verb;
  subject: string;
  resource: string;
}

type Times = Pick<CallRecord, "queuedMs" | "durationMs">;

/** Measures a call's wait for its turn, then its run. */
export function createStopwatch(): { start(): void; read(): Times } {
  const asked = performance.now();
  let started: number | undefined;
  return {
    start() {
      started = performance.now();
    },
    read() {
      const now = performance.now();
      return {
        queuedMs: (started ?? now) - asked,
        durationMs: now - (started ?? now),
      };
    },
  };
}

/** The record of a call that succeeded. */
export function okRecord({ verb, subject, resource }: Recorded, answer: Answer, times: Times): CallRecord {
  return {
    verb,
    subject,
    resource,
    status: answer.status,
    class: "ok",
    sent: "yes",
    warnings: warningsOf(answer),
    ...times,
  };
}

/** The record of a call that failed, or was ended by its caller. */
export function errorRecord({ verb, subject, resource }: Recorded, error: unknown, times: Times): CallRecord {
  const known = error instanceof KubeError ? error : undefined;
  return {
    verb,
    subject,
    resource,
    status: known?.status,
    class: known?.class ?? "aborted",
    code: known?.code,
    sent: known?.sent ?? "unknown",
    warnings: [],
    ...times,
  };
}

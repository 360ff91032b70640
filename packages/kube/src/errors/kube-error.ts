import { STATUS_CODES } from "node:http";
import type { StatusCause } from "../kube-object.ts";
import { shortened } from "../shortened.ts";
import { classify } from "./classify.ts";
import type { ErrorClass, ErrorFacts, Sent, Verb } from "./error-class.ts";

/**
 * A call that failed. Holds nothing of the request but verb and subject: no token, no header, no manifest.
 * The original error, where there was one, is `cause`.
 */
export class KubeError extends Error {
  override readonly name = "KubeError";
  /** What to do about it. */
  readonly class: ErrorClass;
  /** Stable name of the row of the table that decided. */
  readonly code: string;
  /** Tries after which `withRetry` gives up; undefined: only its deadline counts. */
  readonly maxTries: number | undefined;
  readonly verb: Verb;
  /** `Deployment/namespace/name`, or a path where no single resource was addressed. */
  readonly subject: string;
  /** HTTP status; undefined when no answer came. */
  readonly status: number | undefined;
  /** metav1.Status.reason, cut like `serverMessage`; undefined when the answer was no Status. */
  readonly reason: string | undefined;
  readonly causes: readonly StatusCause[];
  /** The server's own sentence, without our prefix and cut (`shortened`); `HTTP 502 Bad Gateway` where it sent no Status. */
  readonly serverMessage: string;
  /** How long the server asks us to stay away, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** `no`: certainly not executed. `unknown`: it may have been. */
  readonly sent: Sent;
  readonly contentType: string | undefined;

  constructor(subject: string, facts: ErrorFacts, cause?: unknown) {
    super(sentence(subject, facts), cause === undefined ? {} : { cause });
    const verdict = classify(facts);
    this.class = verdict.class;
    this.code = verdict.code;
    this.maxTries = verdict.maxTries;
    this.verb = facts.verb;
    this.subject = subject;
    this.status = facts.status;
    this.reason = facts.reason === undefined ? undefined : shortened(facts.reason);
    this.causes = facts.causes;
    this.serverMessage = isPage(facts) ? statusLine(facts.status) : shortened(facts.message);
    this.retryAfterMs = facts.retryAfterMs;
    this.sent = facts.sent;
    this.contentType = facts.contentType;
  }
}

/** An answer that is no Status comes from something in between more often than not, whose page is not for users. */
function isPage({ status, reason, errorCode }: ErrorFacts): boolean {
  return status !== undefined && reason === undefined && errorCode === undefined;
}

function statusLine(status = 0): string {
  return `HTTP ${status} ${STATUS_CODES[status] ?? ""}`.trim();
}

/** For the log: here a page is quoted, since only it says who answered. */
function sentence(subject: string, facts: ErrorFacts): string {
  const status = [facts.status, facts.reason && shortened(facts.reason)].filter(Boolean).join(" ");
  const detail = shortened(facts.message.trim());
  return [`${facts.verb} ${subject}`, status, detail].filter(Boolean).join(": ");
}

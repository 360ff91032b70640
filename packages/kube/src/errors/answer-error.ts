import { CredentialsError } from "../credentials/credentials-error.ts";
import type { StatusBody } from "../kube-object.ts";
import { type Answer, codeOf, ExchangeFailure } from "../transport/exchange.ts";
import type { ErrorFacts, Verb } from "./error-class.ts";
import { KubeError } from "./kube-error.ts";

/** What an error says about the call it belongs to. */
export interface CallIdentity {
  verb: Verb;
  /** `Deployment/namespace/name`, or a path. */
  subject: string;
  kind?: string | undefined;
}

/** The error for an answer that is not a success. */
export function errorFromAnswer(call: CallIdentity, answer: Answer, now: number = Date.now()): KubeError {
  const status = parseStatus(answer.body);
  const retryAfter = header(answer, "retry-after");
  return new KubeError(call.subject, {
    ...identity(call),
    sent: "yes",
    status: answer.status,
    contentType: contentTypeOf(answer),
    ...(status === undefined ? { message: answer.body, causes: [] } : statusFacts(status)),
    retryAfterMs: parseRetryAfter(retryAfter, now) ?? seconds(status?.details?.retryAfterSeconds),
  });
}

/** The error for the Status that a watch delivered as an ERROR event. */
export function errorFromStatus(call: CallIdentity, status: StatusBody): KubeError {
  return new KubeError(call.subject, {
    ...identity(call),
    sent: "yes",
    status: status.code,
    ...statusFacts(status),
    retryAfterMs: seconds(status.details?.retryAfterSeconds),
  });
}

/** The error for a call without a complete answer, or with one that cannot be understood. */
export function errorFromFailure(call: CallIdentity, failure: unknown, known: Partial<ErrorFacts> = {}): KubeError {
  const error = failure instanceof Error ? failure : new Error(String(failure));
  const facts: ErrorFacts = {
    ...identity(call),
    sent: "no",
    message: error.message,
    causes: [],
    errorCode: codeOf(error),
    ...known,
  };
  if (error instanceof CredentialsError) facts.errorCode = "CREDENTIALS";
  if (error instanceof ExchangeFailure) {
    facts.sent = error.sent;
    facts.errorCode = error.code;
    facts.status = error.status;
  }
  return new KubeError(call.subject, facts, failure);
}

function identity(call: CallIdentity): Pick<ErrorFacts, "verb" | "kind"> {
  return { verb: call.verb, kind: call.kind };
}

function statusFacts(status: StatusBody) {
  return {
    reason: status.reason ?? "",
    message: status.message ?? "",
    causes: status.details?.causes ?? [],
    detailsKind: status.details?.kind,
  };
}

/**
 * A body as metav1.Status, if it is one. Its shape decides and not its content type or `kind`: kube-apiserver 1.35
 * sends the Status of a request over its deadline as text/plain and without a kind.
 */
function parseStatus(body: string): StatusBody | undefined {
  if (!body.startsWith("{")) return undefined;
  try {
    const value = JSON.parse(body);
    return value.kind === "Status" || value.status === "Failure" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** One header as text; several of one name joined by commas. */
function header(answer: Answer, name: string): string {
  const value = answer.headers[name];
  return Array.isArray(value) ? value.join(", ") : (value ?? "");
}

/** The answer's content type without parameters, lower case; `""` when it names none. */
function contentTypeOf(answer: Answer): string {
  return header(answer, "content-type").split(";")[0]?.trim().toLowerCase() ?? "";
}

/** No server of ours has cause to send anybody away for longer; a wrong clock in a proxy has. */
const RETRY_AFTER_LIMIT_MS = 600_000;

/** Retry-After in milliseconds: seconds or an HTTP date (RFC 9110, section 10.2.3); undefined when it is neither. */
function parseRetryAfter(value: string, now: number): number | undefined {
  const text = value.trim();
  if (/^\d+$/.test(text)) return seconds(Number(text));
  // Date.parse reads nearly anything, `-1` and `1.5` among it; an HTTP date has letters.
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) return undefined;
  return Math.min(Math.max(0, at - now), RETRY_AFTER_LIMIT_MS);
}

function seconds(value: number | undefined): number | undefined {
  if (value === undefined || !(value >= 0)) return undefined;
  return Math.min(value * 1000, RETRY_AFTER_LIMIT_MS);
}

/** The texts of an answer's `Warning: 299 - "…"` headers, in order. */
export function warningsOf(answer: Answer): string[] {
  const found = header(answer, "warning").matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g);
  return Array.from(found, ([, text = ""]) => text.replace(/\\(.)/g, "$1"));
}

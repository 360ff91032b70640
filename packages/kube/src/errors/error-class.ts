import type { StatusCause } from "../kube-object.ts";

/**
 * What to do about a failed call.
 *
 * - `retry`: nothing was done, or it was a read; ask again with backoff
 * - `retry_after`: the server said when to ask again; it did nothing
 * - `outcome_unknown`: a write that may or may not have been done
 * - `reread`: what we knew of the resource is out of date; read it and decide again
 * - `already_exists`: a resource of that name is there; whose it is must be read
 * - `wait_until_gone`: the name is taken by a resource on its way out
 * - `gone`: there is no such resource
 * - `expired`: the resourceVersion or continue token is too old; list again
 * - `capacity`: the request is right and there is no room for it now; slow retries at most, a few quick ones with `maxTries`
 * - `unauthenticated`: our credentials were refused, even after they were read again
 * - `forbidden`: our credentials do not allow this; for the operator, after a few quick retries with `maxTries`
 * - `namespace_terminating`: nothing can be created there any more
 * - `final`: the same request gets the same refusal
 * - `bug`: a request that should never have been sent
 */
export type ErrorClass =
  | "retry"
  | "retry_after"
  | "outcome_unknown"
  | "reread"
  | "already_exists"
  | "wait_until_gone"
  | "gone"
  | "expired"
  | "capacity"
  | "unauthenticated"
  | "forbidden"
  | "namespace_terminating"
  | "final"
  | "bug";

/** Whether the request reached the server: `unknown` when it was written to a connection and no answer came. */
export type Sent = "no" | "yes" | "unknown";

/** What a call does. `create`, `replace`, `patch` and `remove` are writes. */
export type Verb = "create" | "replace" | "patch" | "remove" | "get" | "list" | "watch" | "read";

/** Whether a call of this verb changes something. */
export function isWrite(verb: Verb): boolean {
  return verb === "create" || verb === "replace" || verb === "patch" || verb === "remove";
}

/** Everything the table of errors may look at. */
export interface ErrorFacts {
  verb: Verb;
  /** The kind that was addressed; undefined for plain paths. */
  kind?: string | undefined;
  sent: Sent;
  /** HTTP status; undefined when no answer came. */
  status?: number | undefined;
  /** metav1.Status.reason; undefined when the body was no Status, `""` when it named none. */
  reason?: string | undefined;
  /** The server's sentence, the text/plain body, or the network error's message. */
  message: string;
  causes: readonly StatusCause[];
  /** metav1.Status.details.kind: a plural such as `namespaces`. */
  detailsKind?: string | undefined;
  retryAfterMs?: number | undefined;
  /** Without parameters, lower case; `""` when the server named none. */
  contentType?: string | undefined;
  /** Code of a network, TLS or client-side error: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, `CALL_TIMEOUT`. */
  errorCode?: string | undefined;
}

/** What the table says about a failed call. */
export interface Verdict {
  class: ErrorClass;
  /** Stable name of the row, usable in messages, metrics and tests. */
  code: string;
  /** Tries after which to give up although the class may be retried; undefined: the caller's deadline decides. */
  maxTries?: number | undefined;
}

import type { ErrorClass, Sent, Verb } from "./error-class.ts";

/** What must hold for a row to match. What is left out holds always. */
interface ErrorPattern {
  /** One status, or the first and the last of a range. */
  status?: number | readonly [number, number];
  /** Exactly this reason; `""`: a Status that names none. */
  reason?: string;
  message?: RegExp;
  /** At least one cause like this. */
  cause?: { reason?: string; field?: string; message?: RegExp };
  /** metav1.Status.details.kind. */
  detailsKind?: string;
  /** Whether the body was a metav1.Status, whatever its content type said. */
  json?: boolean;
  sent?: Sent;
  /** Code of a network, TLS or client-side error. */
  errorCode?: RegExp;
  /** Any kind but this one was addressed. */
  notKind?: string;
  verbs?: readonly Verb[];
}

/** One kind of failure: how it is known, what to do about it, and why. */
export interface ErrorRow {
  /** Stable name. */
  code: string;
  class: ErrorClass;
  /** Bound for retries of odd failures; left out: the caller's deadline alone, for `capacity` and `forbidden` no retry. */
  maxTries?: number;
  when: ErrorPattern;
  /** Why this is the right thing to do. */
  why: string;
}

import type { ErrorRow } from "./error-row.ts";

/** What this client notices by itself, whatever the status was. */
export const CLIENT_ROWS: readonly ErrorRow[] = [
  {
    code: "watch_idle",
    class: "retry",
    when: { errorCode: /^WATCH_IDLE$/ },
    why: "a watch without bookmarks for so long is dead, whatever the connection says",
  },
  {
    code: "broken_answer",
    class: "outcome_unknown",
    maxTries: 5,
    when: { errorCode: /^BROKEN_ANSWER$/ },
    why: "a success whose body is no JSON: cut short, or a stranger's page from in between",
  },
  {
    code: "answer_too_large",
    class: "bug",
    when: { errorCode: /^(ANSWER_TOO_LARGE|UND_ERR_RES_EXCEEDED_MAX_SIZE)$/ },
    why: "more than we are ready to hold: the selection is too wide",
  },
];

/** No answer came. */
export const NETWORK_ROWS: readonly ErrorRow[] = [
  {
    code: "client_closed",
    class: "final",
    when: { errorCode: /^(UND_ERR_CLOSED|UND_ERR_DESTROYED|CLIENT_CLOSED)$/ },
    why: "we closed the client ourselves",
  },
  {
    code: "credentials_unusable",
    class: "retry",
    maxTries: 5,
    when: { errorCode: /^CREDENTIALS$/ },
    why: "an exec plugin that failed may work next time; one that is not installed will not",
  },
  {
    code: "invalid_request",
    class: "bug",
    when: { errorCode: /^(UND_ERR_INVALID_ARG|ERR_INVALID_URL)$/ },
    why: "we built a request that cannot be sent",
  },
  {
    code: "tls_failed",
    class: "retry",
    maxTries: 5,
    when: {
      sent: "no",
      errorCode: /CERT|^ERR_SSL|^ERR_TLS|^EPROTO$|UNABLE_TO_/,
    },
    why: "not trusted, expired, or not TLS: heals only by a rotation, for which the files were read again",
  },
  {
    code: "connection_refused",
    class: "retry",
    when: { sent: "no", errorCode: /^ECONNREFUSED$/ },
    why: "nobody listens: the server is restarting",
  },
  {
    code: "name_unresolved",
    class: "retry",
    when: { sent: "no", errorCode: /^(ENOTFOUND|EAI_\w+)$/ },
    why: "cluster DNS comes and goes; nothing was sent",
  },
  {
    code: "unreachable",
    class: "retry",
    when: { sent: "no" },
    why: "the connection was not made, or the server refused the stream (GOAWAY, REFUSED_STREAM): not executed",
  },
  {
    code: "call_timeout",
    class: "outcome_unknown",
    when: {
      sent: "unknown",
      errorCode: /^(CALL_TIMEOUT|UND_ERR_(HEADERS|BODY)_TIMEOUT)$/,
    },
    why: "no answer in time; the server may be at it still",
  },
  {
    code: "connection_lost",
    class: "outcome_unknown",
    when: { sent: "unknown" },
    why: "reset, closed or GOAWAY after the request was written",
  },
];

/** Rows that match anything: bounded, so that what we do not know is neither final nor repeated for ever. */
export const LAST_ROWS: readonly ErrorRow[] = [
  {
    code: "redirected",
    class: "bug",
    when: { status: [300, 399] },
    why: "kube-apiserver does not redirect: the address is not that of a Kubernetes API",
  },
  {
    code: "proxy_refused",
    class: "retry",
    maxTries: 5,
    when: { status: [400, 499], json: false },
    why: "no Status: something in between answered, and before passing it on",
  },
  {
    code: "server_error",
    class: "outcome_unknown",
    maxTries: 8,
    when: { status: [500, 599] },
    why: "an unknown failure of the server, at an unknown point of its work",
  },
  {
    code: "unknown",
    class: "outcome_unknown",
    maxTries: 5,
    when: {},
    why: "not in this table: a bounded number of tries, then the caller is told",
  },
];

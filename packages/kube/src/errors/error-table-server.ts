import type { ErrorRow } from "./error-row.ts";

/** 429 and 5xx: the server could not, at least not now. Not every 500 passes by itself. */
export const SERVER_ROWS: readonly ErrorRow[] = [
  {
    code: "storage_initializing",
    class: "retry_after",
    when: { status: 429, message: /storage is \(re\)initializing/ },
    why: "the server's watch cache is starting (Kubernetes 1.34 and later)",
  },
  {
    code: "overloaded",
    class: "retry_after",
    when: { status: 429 },
    why: "turned away before it was looked at, so any verb may be repeated; the body is text/plain",
  },
  {
    code: "webhook_tls",
    class: "retry",
    maxTries: 3,
    when: {
      status: 500,
      message: /failed calling webhook.+(x509:|tls:|certificate)/s,
    },
    why: "a webhook's certificate rarely heals while we wait, but rotations do pass",
  },
  {
    code: "webhook_unavailable",
    class: "retry",
    when: { status: 500, message: /failed calling webhook/ },
    why: "admission comes before storage: nothing was done; the webhook may come back",
  },
  {
    code: "addresses_exhausted",
    class: "capacity",
    maxTries: 10,
    when: { status: 500, message: /range is full/ },
    why: "no Service address or port is free, or none are known yet: seen for some seconds after kube-apiserver 1.35 starts",
  },
  {
    code: "too_large",
    class: "final",
    when: {
      status: 500,
      message: /trying to send message larger than max|request is too large/,
    },
    why: "over the storage's limit for one object: it says 500 and never passes",
  },
  {
    code: "bad_watch_argument",
    class: "bug",
    when: { status: 500, reason: "", message: /: Invalid value: / },
    why: "a bad argument of a watch is a 500 without a reason (a bad argument of a list is a 400)",
  },
  {
    code: "quota_timeout",
    class: "outcome_unknown",
    when: { status: 500, message: /resource quota evaluation timed out/ },
    why: "the server gave up waiting for its storage after 10 s; what it had begun may still be done",
  },
  {
    code: "storage_unsettled",
    class: "outcome_unknown",
    when: {
      status: [500, 504],
      message: /etcdserver: (leader changed|request timed out|no leader|too many requests)|raft proposal dropped/,
    },
    why: "the storage changed its leader under the request",
  },
  {
    code: "ahead_of_cache",
    class: "retry_after",
    when: { status: 504, cause: { reason: "ResourceVersionTooLarge" } },
    why: "we know a newer state than this server's cache; it catches up within a moment",
  },
  {
    code: "server_timeout",
    class: "retry_after",
    when: { reason: "ServerTimeout" },
    why: "the server did not begin (metav1.StatusReasonServerTimeout) and says when to come back",
  },
  {
    code: "server_deadline",
    class: "outcome_unknown",
    when: { status: 504, reason: "Timeout" },
    why: "the server stopped waiting for its own work, which may go on",
  },
  {
    code: "unavailable",
    class: "retry_after",
    when: { status: 503, json: true },
    why: "the server, or an aggregated one behind it, is not up; it did not begin",
  },
  {
    code: "bad_gateway",
    class: "outcome_unknown",
    when: { status: [502, 504], json: false },
    why: "a proxy's answer: the request may have gone through before the connection behind it broke",
  },
];

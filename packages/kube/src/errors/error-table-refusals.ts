import type { ErrorRow } from "./error-row.ts";

/** A webhook or policy of the cluster chose the status itself: its sentence tells more than the code. */
export const ADMISSION_ROWS: readonly ErrorRow[] = [
  {
    code: "webhook_conflict",
    class: "retry",
    maxTries: 3,
    when: { status: 409, message: /admission webhook .+ denied the request/ },
    why: "the webhook chose the code: it may mean a passing conflict, or nothing; a few tries tell",
  },
  {
    code: "webhook_busy",
    class: "retry_after",
    maxTries: 10,
    when: {
      status: [429, 599],
      message: /admission webhook .+ denied the request/s,
    },
    why: "the webhook itself chose a code that says: not now",
  },
  {
    code: "webhook_denied",
    class: "final",
    when: {
      status: [400, 428],
      message: /admission webhook .+ denied the request/s,
    },
    why: "a policy said no; without a code of its own the webhook's refusal is a 400 without a reason",
  },
  {
    code: "policy_denied",
    class: "final",
    when: {
      status: [400, 428],
      message: /ValidatingAdmissionPolicy .+ denied request/s,
    },
    why: "a policy of the cluster said no",
  },
];

/** 400, 401, 403, 405-422: the server looked at the request and refused it. */
export const REFUSAL_ROWS: readonly ErrorRow[] = [
  {
    code: "unauthenticated",
    class: "unauthenticated",
    maxTries: 7,
    when: { status: 401 },
    why: "the credentials were read again and are what they were; a server answers so as well while what it asks about them is away",
  },
  {
    code: "namespace_terminating",
    class: "namespace_terminating",
    when: { status: 403, cause: { reason: "NamespaceTerminating" } },
    why: "nothing can be created in it any more; only an operator knows whether it comes back",
  },
  {
    code: "quota_exceeded",
    class: "capacity",
    when: { status: 403, message: /exceeded quota:/ },
    why: "room comes when others stop or the quota is raised: minutes, not milliseconds",
  },
  {
    code: "quota_unspecified",
    class: "final",
    when: { status: 403, message: /failed quota: .+ must specify/s },
    why: "the quota wants requests or limits that the manifest does not set",
  },
  {
    code: "pod_security",
    class: "final",
    when: { status: 403, message: /violates PodSecurity/ },
    why: "the namespace's Pod Security level refuses the manifest",
  },
  {
    code: "admission_warming",
    class: "retry",
    when: { status: 403, message: /not yet ready to handle request/ },
    why: "an admission plugin is still filling its caches after the server's start",
  },
  {
    code: "service_account_missing",
    class: "retry",
    maxTries: 5,
    when: { status: 403, message: /error looking up service account/ },
    why: "a namespace's service account appears moments after the namespace; one that was never made stays missing",
  },
  {
    code: "limit_range",
    class: "final",
    when: {
      status: 403,
      message: /(maximum|minimum) .+ usage per|limit to request ratio per/,
    },
    why: "a LimitRange refuses the manifest's requests or limits",
  },
  {
    code: "rbac_denied",
    class: "forbidden",
    maxTries: 7,
    when: { status: 403, message: /User ".*" cannot \w+ / },
    why: "a missing permission, or none are known yet: seen for a moment after kube-apiserver 1.35 starts",
  },
  {
    code: "admission_refused",
    class: "final",
    when: { status: 403, json: true },
    why: "an admission plugin of the server refused the manifest",
  },
  {
    code: "plain_http_to_tls",
    class: "bug",
    when: {
      status: 400,
      message: /Client sent an HTTP request to an HTTPS server/,
    },
    why: "the server's address says http and the server speaks https",
  },
  {
    code: "unknown_field",
    class: "final",
    when: { status: 400, message: /strict decoding error/ },
    why: "a field the server does not know, or one given twice: the template is wrong",
  },
  {
    code: "bad_request",
    class: "final",
    when: { status: 400, json: true },
    why: "the server could not make sense of the request, and would not next time",
  },
  {
    code: "immutable_field",
    class: "final",
    when: {
      status: 422,
      cause: { message: /field is immutable|may not change once set/ },
    },
    why: "only a new resource can have this value; whether to delete the old one is the kind's rule",
  },
  {
    code: "immutable_field",
    class: "final",
    when: {
      status: 422,
      message: /field is immutable|may not change once set|updates to .+ are forbidden|is immutable after creation/,
    },
    why: "the same, told without causes (StatefulSet, PersistentVolumeClaim)",
  },
  {
    code: "already_allocated",
    class: "final",
    when: { status: 422, message: /is already allocated/ },
    why: "the manifest asks for an address or a port that another Service has",
  },
  {
    code: "invalid",
    class: "final",
    when: { status: 422, json: true },
    why: "the manifest does not pass validation",
  },
  {
    code: "too_large",
    class: "final",
    when: { status: 413 },
    why: "over 3 MiB: the server's limit for one request",
  },
  {
    code: "method_not_allowed",
    class: "bug",
    when: { status: 405 },
    why: "we used a verb that the resource does not have",
  },
  {
    code: "not_acceptable",
    class: "bug",
    when: { status: 406 },
    why: "we asked for a format that the server does not speak",
  },
  {
    code: "unsupported_media_type",
    class: "bug",
    when: { status: 415 },
    why: "we sent a format that the resource does not take",
  },
];

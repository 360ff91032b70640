import type { Verb } from "../../src/errors/error-class.ts";

/** One answer, and the call it came for. */
export interface Given {
  body: unknown;
  status: number;
  verb?: Verb;
  kind?: string;
  headers?: Record<string, string>;
}

/** metav1.Status with the fields that kube-apiserver 1.35.4 fills. */
export function refusal(status: number, reason: string | undefined, message: string, details?: object): Given {
  return {
    status,
    body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, details, code: status },
  };
}

const cause = (reason: string, message: string, field?: string) => ({ causes: [{ reason, message, field }] });

// Bodies as answered by a kube-apiserver 1.35.4, but for those marked "source", which are built as its source builds them.
export const ANSWERS: [code: string, expected: string, given: Given][] = [
  [
    "already_exists",
    "already_exists",
    refusal(409, "AlreadyExists", 'configmaps "a" already exists', { name: "a", kind: "configmaps" }),
  ],
  [
    "being_deleted",
    "wait_until_gone",
    refusal(409, "AlreadyExists", 'object is being deleted: configmaps "fin" already exists', { kind: "configmaps" }),
  ],
  [
    "stale_version",
    "reread",
    {
      ...refusal(
        409,
        "Conflict",
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
        { name: "a", kind: "configmaps" },
      ),
      verb: "replace",
    },
  ],
  [
    "identity_changed",
    "reread",
    refusal(
      409,
      "Conflict",
      'Operation cannot be fulfilled on configmaps "a": StorageError: invalid object, Code: 4, Key: /registry/configmaps/default/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: nope, UID in object meta: d11234b5-80ca-4786-b8da-79711d39c7b1',
      { name: "a", kind: "configmaps" },
    ),
  ],
  [
    "identity_changed",
    "reread",
    {
      ...refusal(
        409,
        "Conflict",
        'Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (nope) does not match the UID in record (d11234b5-80ca-4786-b8da-79711d39c7b1). The object might have been deleted and then recreated',
        { name: "a", kind: "ConfigMap" },
      ),
      verb: "remove",
    },
  ],
  [
    "stale_version",
    "reread",
    {
      ...refusal(
        409,
        "Conflict",
        'Operation cannot be fulfilled on ConfigMap "a": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (230). The object might have been modified',
        { name: "a", kind: "ConfigMap" },
      ),
      verb: "remove",
    },
  ],
  [
    "identity_changed",
    "reread",
    {
      ...refusal(
        422,
        "Invalid",
        'ConfigMap "a" is invalid: metadata.uid: Invalid value: "nope": field is immutable',
        cause("FieldValueInvalid", 'Invalid value: "nope": field is immutable', "metadata.uid"),
      ),
      verb: "patch",
    },
  ],
  [
    "quota_conflict",
    "retry",
    refusal(
      409,
      "Conflict",
      'Operation cannot be fulfilled on resourcequotas "q": the object has been modified; please apply your changes to the latest version and try again',
      { name: "q", kind: "resourcequotas" },
    ),
  ],
  [
    "field_manager_conflict",
    "final",
    {
      ...refusal(
        409,
        "Conflict",
        'Apply failed with 1 conflict: conflict with "curl" using v1: .data.k',
        cause("FieldManagerConflict", 'conflict with "curl" using v1', ".data.k"),
      ),
      verb: "patch",
    },
  ],
  [
    "namespace_missing",
    "final",
    refusal(404, "NotFound", 'namespaces "nowhere" not found', { name: "nowhere", kind: "namespaces" }),
  ],
  [
    "not_found",
    "gone",
    {
      ...refusal(404, "NotFound", 'namespaces "nowhere" not found', { name: "nowhere", kind: "namespaces" }),
      verb: "get",
      kind: "Namespace",
    },
  ],
  [
    "not_found",
    "gone",
    {
      ...refusal(404, "NotFound", 'deployments.apps "zzz" not found', {
        name: "zzz",
        group: "apps",
        kind: "deployments",
      }),
      verb: "remove",
    },
  ],
  ["unknown_api", "bug", { status: 404, body: "404 page not found\n" }],
  ["unknown_api", "bug", refusal(404, "NotFound", "the server could not find the requested resource", {})],
  [
    "namespace_terminating",
    "namespace_terminating",
    refusal(
      403,
      "Forbidden",
      'configmaps "a" is forbidden: unable to create new content in namespace term because it is being terminated',
      cause("NamespaceTerminating", "namespace term is being terminated", "metadata.namespace"),
    ),
  ],
  [
    "quota_exceeded",
    "capacity",
    refusal(
      403,
      "Forbidden",
      'configmaps "b" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=1, limited: configmaps=1',
    ),
  ],
  [
    "quota_unspecified",
    "final",
    refusal(403, "Forbidden", 'pods "p" is forbidden: failed quota: q: must specify requests.cpu for: c'),
  ],
  [
    "pod_security",
    "final",
    refusal(
      403,
      "Forbidden",
      'pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
    ),
  ],
  [
    "webhook_denied",
    "final",
    refusal(403, "Forbidden", 'admission webhook "w.example.com" denied the request: not here'),
  ],
  [
    "webhook_denied",
    "final",
    refusal(400, undefined, 'admission webhook "w.example.com" denied the request: no code given'),
  ],
  [
    "webhook_denied",
    "final",
    refusal(404, "NotFound", 'admission webhook "w.example.com" denied the request: an odd choice of code'),
  ],
  ["webhook_conflict", "retry", refusal(409, "Conflict", 'admission webhook "w.example.com" denied the request: busy')],
  ["webhook_busy", "retry", refusal(503, undefined, 'admission webhook "w.example.com" denied the request: later')],
  [
    "webhook_busy",
    "retry",
    refusal(429, "TooManyRequests", 'admission webhook "w.example.com" denied the request: slow down'),
  ],
  [
    "policy_denied",
    "final",
    refusal(
      422,
      "Invalid",
      "configmaps \"a\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: false",
    ),
  ],
  [
    "rbac_denied",
    "forbidden",
    refusal(
      403,
      "Forbidden",
      'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" in the namespace "default"',
      { kind: "configmaps" },
    ),
  ],
  ["admission_warming", "retry", refusal(403, "Forbidden", 'pods "p" is forbidden: not yet ready to handle request')],
  [
    "service_account_missing",
    "retry",
    refusal(
      403,
      "Forbidden",
      'pods "p" is forbidden: error looking up service account default/zz: serviceaccount "zz" not found',
    ),
  ],
  [
    "limit_range",
    "final",
    refusal(403, "Forbidden", 'pods "p" is forbidden: maximum cpu usage per Container is 1, but limit is 2'),
  ],
  ["admission_refused", "final", refusal(403, "Forbidden", 'pods "p" is forbidden: no PriorityClass with name x')],
  ["unauthenticated", "unauthenticated", refusal(401, "Unauthorized", "Unauthorized")],
  ["unauthenticated", "unauthenticated", { status: 401, body: "" }],
  [
    "immutable_field",
    "final",
    {
      ...refusal(
        422,
        "Invalid",
        'Deployment.apps "d" is invalid: spec.selector: Invalid value: {"matchLabels":{"a":"c"}}: field is immutable',
        cause("FieldValueInvalid", 'Invalid value: {"matchLabels":{"a":"c"}}: field is immutable', "spec.selector"),
      ),
      verb: "replace",
    },
  ],
  [
    "immutable_field",
    "final",
    refusal(
      422,
      "Invalid",
      'Service "s" is invalid: spec.clusterIPs[0]: Invalid value: ["10.0.7.8"]: may not change once set',
      cause("FieldValueInvalid", 'Invalid value: ["10.0.7.8"]: may not change once set', "spec.clusterIPs[0]"),
    ),
  ],
  [
    "immutable_field",
    "final",
    refusal(
      422,
      "Invalid",
      "StatefulSet.apps \"s\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
      cause("FieldValueForbidden", "Forbidden: updates to statefulset spec for fields are forbidden", "spec"),
    ),
  ],
  [
    "already_allocated",
    "final",
    refusal(
      422,
      "Invalid",
      'Service "s2" is invalid: spec.clusterIPs: Invalid value: ["10.0.7.7"]: failed to allocate IP 10.0.7.7: provided IP is already allocated',
      cause("FieldValueInvalid", "provided IP is already allocated", "spec.clusterIPs"),
    ),
  ],
  [
    "invalid",
    "final",
    refusal(
      422,
      "Invalid",
      'ConfigMap "B_" is invalid: metadata.name: Invalid value: "B_": a lowercase RFC 1123 subdomain must consist of',
      cause("FieldValueInvalid", 'Invalid value: "B_"', "metadata.name"),
    ),
  ],
  [
    "unknown_field",
    "final",
    refusal(
      400,
      "BadRequest",
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dta"',
    ),
  ],
  [
    "bad_request",
    "final",
    refusal(400, "BadRequest", "the namespace of the provided object does not match the namespace sent on the request"),
  ],
  ["plain_http_to_tls", "bug", { status: 400, body: "Client sent an HTTP request to an HTTPS server.\n" }],
  [
    "method_not_allowed",
    "bug",
    refusal(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {}),
  ],
  ["not_acceptable", "bug", refusal(406, "NotAcceptable", "406: Not Acceptable", {})],
  ["unsupported_media_type", "bug", refusal(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})],
  ["too_large", "final", refusal(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728")],
  [
    "too_large",
    "final",
    refusal(
      500,
      undefined,
      "rpc error: code = ResourceExhausted desc = trying to send message larger than max (2200729 vs. 2097152)",
    ),
  ],
  ["too_large", "final", refusal(500, "InternalError", "etcdserver: request is too large")],
  // source: apiserver storage/etcd3/errors.go
  ["resource_expired", "expired", { ...refusal(410, "Expired", "too old resource version: 1 (300)"), verb: "list" }],
  ["resource_expired", "expired", { ...refusal(410, "Gone", "gone"), verb: "watch" }],
  [
    "overloaded",
    "retry_after",
    { status: 429, body: "Too many requests, please try again later.\n", headers: { "retry-after": "1" } },
  ],
  ["overloaded", "retry", { status: 429, body: "Too many requests, please try again later.\n" }],
  [
    "storage_initializing",
    "retry",
    { ...refusal(429, "TooManyRequests", "storage is (re)initializing", {}), verb: "list" },
  ],
  [
    "webhook_unavailable",
    "retry",
    refusal(
      500,
      "InternalError",
      'Internal error occurred: failed calling webhook "w.example.com": failed to call webhook: Post "https://127.0.0.1:1/x?timeout=1s": dial tcp 127.0.0.1:1: connect: connection refused',
    ),
  ],
  [
    "webhook_tls",
    "retry",
    refusal(
      500,
      "InternalError",
      'Internal error occurred: failed calling webhook "tls.example.com": failed to call webhook: Post "https://127.0.0.1:18443/x?timeout=1s": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    ),
  ],
  [
    "addresses_exhausted",
    "capacity",
    refusal(500, "InternalError", "Internal error occurred: failed to allocate a serviceIP: range is full"),
  ],
  [
    "quota_timeout",
    "outcome_unknown",
    refusal(500, "InternalError", "Internal error occurred: resource quota evaluation timed out"),
  ],
  ["storage_unsettled", "outcome_unknown", refusal(500, undefined, "etcdserver: leader changed")],
  ["storage_unsettled", "outcome_unknown", refusal(500, undefined, "etcdserver: request timed out")],
  [
    "server_timeout",
    "retry_after",
    refusal(
      500,
      "ServerTimeout",
      "The POST operation against configmaps could not be completed at this time, please try again.",
      { retryAfterSeconds: 2 },
    ),
  ],
  ["unavailable", "retry", refusal(503, "ServiceUnavailable", "service unavailable")],
  [
    "bad_watch_argument",
    "bug",
    {
      ...refusal(
        500,
        undefined,
        'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
      ),
      verb: "watch",
    },
  ],
  [
    "ahead_of_cache",
    "retry_after",
    {
      ...refusal(504, "Timeout", "Timeout: Too large resource version: 99999999, current: 232", {
        causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
        retryAfterSeconds: 1,
      }),
      verb: "list",
    },
  ],
  // Sent as text/plain and without a kind.
  [
    "server_deadline",
    "outcome_unknown",
    {
      status: 504,
      body: '{"metadata":{},"status":"Failure","message":"Timeout: request did not complete within the allotted timeout","reason":"Timeout","details":{},"code":504}',
    },
  ],
  ["bad_gateway", "outcome_unknown", { status: 502, body: "<html>502 Bad Gateway</html>" }],
  [
    "bad_gateway",
    "outcome_unknown",
    { status: 503, body: "upstream connect error or disconnect/reset before headers" },
  ],
  ["server_error", "outcome_unknown", refusal(500, "InternalError", "Internal error occurred: something new")],
  ["proxy_refused", "retry", { status: 418, body: "<html>blocked</html>" }],
  ["proxy_refused", "retry", { status: 403, body: "<html>blocked</html>" }],
  ["redirected", "bug", { status: 302, body: "" }],
  ["conflict", "reread", refusal(409, "Conflict", "the namespace is not empty yet")],
  ["unknown", "outcome_unknown", refusal(418, "Teapot", "short and stout")],
];

import type { ErrorRow } from "./error-row.ts";

/** 404, 409, 410 and the 422 of another identity: what the server has is not what we thought it had. */
export const CONFLICT_ROWS: readonly ErrorRow[] = [
  {
    code: "being_deleted",
    class: "wait_until_gone",
    when: {
      status: 409,
      reason: "AlreadyExists",
      message: /^object is being deleted:/,
    },
    why: "the name is free once the finalizers are done; trying before that only costs calls",
  },
  {
    code: "already_exists",
    class: "already_exists",
    when: { status: 409, reason: "AlreadyExists" },
    why: "ours from an earlier try, or a stranger's: only reading it tells",
  },
  {
    code: "field_manager_conflict",
    class: "final",
    when: { status: 409, cause: { reason: "FieldManagerConflict" } },
    why: "another manager owns the field and goes on owning it; taking it over must be asked for",
  },
  {
    code: "identity_changed",
    class: "reread",
    when: { status: 409, message: /UID in (the )?precondition/ },
    why: "the resource was replaced by a namesake: decide anew, and never delete the stranger",
  },
  {
    code: "identity_changed",
    class: "reread",
    when: {
      status: 422,
      cause: { field: "metadata.uid", message: /field is immutable/ },
    },
    why: "an update meant for the resource's predecessor",
  },
  {
    code: "quota_conflict",
    class: "retry",
    when: { status: 409, detailsKind: "resourcequotas" },
    why: "two requests raced for the same quota record; ours was not stored and is right as it is",
  },
  {
    code: "quota_conflict",
    class: "retry",
    when: { status: 409, message: /cannot be fulfilled on resourcequotas/ },
    why: "the same race, told by the message alone",
  },
  {
    code: "stale_version",
    class: "reread",
    when: { status: 409, message: /Operation cannot be fulfilled/ },
    why: "somebody wrote in between: read, compute again, write again",
  },
  {
    code: "conflict",
    class: "reread",
    when: { status: 409 },
    why: "409 says that the state differs from what we assumed",
  },
  {
    code: "namespace_missing",
    class: "final",
    when: {
      status: 404,
      reason: "NotFound",
      detailsKind: "namespaces",
      notKind: "Namespace",
    },
    why: "configuration: we do not create namespaces behind the operator's back",
  },
  {
    code: "unknown_api",
    class: "bug",
    when: { status: 404, json: false },
    why: "no such API group: `404 page not found` as text/plain",
  },
  {
    code: "unknown_api",
    class: "bug",
    when: {
      status: 404,
      message: /could not find the requested resource/,
    },
    why: "no such resource or subresource in this API group",
  },
  {
    code: "not_found",
    class: "gone",
    when: { status: 404 },
    why: "the object itself is not there; for a delete that is success",
  },
  {
    code: "resource_expired",
    class: "expired",
    when: { status: 410 },
    why: "the version or continue token was compacted away; a new LIST begins afresh",
  },
];

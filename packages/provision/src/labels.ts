import { createHash } from "node:crypto";
import type { Repl } from "@repl/contract";

/** Value of {@link LABELS.managedBy} on every resource of this service, and who the API server notes as the writer of its fields. */
export const MANAGED_BY = "repl-orchestrator";

/** Labels by which resources are found again. Templates must not set them. */
export const LABELS = {
  managedBy: "app.kubernetes.io/managed-by",
  repl: "repl-orchestrator.dev/repl",
  user: "repl-orchestrator.dev/user",
  generation: "repl-orchestrator.dev/generation",
} as const;

/** Annotation with the hash of the manifest that a resource, or a pod, was made from. */
export const MANIFEST_HASH = "repl-orchestrator.dev/manifest";

/**
 * Annotation by which an Ingress or HTTPRoute of a template says where people reach it, as `scheme://host[:port]`. The host
 * counts for rules that have none of their own.
 */
export const ADDRESS = "repl-orchestrator.dev/address";

/** Prefix of labels and annotations that belong to this service alone. */
export const RESERVED_PREFIX = "repl-orchestrator.dev/";

/** Label selector of everything this service made. */
export const OURS = `${LABELS.managedBy}=${MANAGED_BY}`;
/** Label selector of what this service made for repls. */
export const OURS_OF_REPLS = `${OURS},${LABELS.repl}`;
/** Label selector of what this service made for users: their namespaces and what belongs in them. */
export const OURS_OF_USERS = `${OURS},!${LABELS.repl}`;

const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
/** The hashed form, which no literal user id may take: otherwise one user could pass for another. */
const HASHED = /^u-[0-9a-f]{32}$/;

/** The user as a label value: the id itself where Kubernetes allows it (63 characters of a small set), else a stable hash. */
export function userLabel(userId: string): string {
  return LABEL_VALUE.test(userId) && !HASHED.test(userId) ? userId : hashed(userId);
}

/** Of a DNS label (RFC 1123), as Kubernetes wants the name of a namespace. */
const LONGEST_NAMESPACE = 63;
const NAMESPACE_REST = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/**
 * The name of a user's namespace: the prefix and the id itself where that is a DNS label, else the prefix and a stable
 * hash of 34 characters. No two users share one.
 * @param prefix ends in a hyphen and has at most 29 characters (checked where settings are)
 */
export function userNamespace(userId: string, prefix: string): string {
  const fits = NAMESPACE_REST.test(userId) && prefix.length + userId.length <= LONGEST_NAMESPACE;
  return prefix + (fits && !HASHED.test(userId) ? userId : hashed(userId));
}

function hashed(userId: string): string {
  return `u-${createHash("sha256").update(userId).digest("hex").slice(0, 32)}`;
}

/** The labels of a user's namespace and of what belongs in it. @param user as a label value */
export function labelsOfUser(user: string): Record<string, string> {
  return { [LABELS.managedBy]: MANAGED_BY, [LABELS.user]: user };
}

/** The labels of every resource of a repl, pods included. */
export function labelsOf({ replId, userId, generation }: Repl): Record<string, string> {
  return {
    [LABELS.managedBy]: MANAGED_BY,
    [LABELS.repl]: replId,
    [LABELS.user]: userLabel(userId),
    [LABELS.generation]: String(generation),
  };
}

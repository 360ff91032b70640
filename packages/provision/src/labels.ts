import { createHash } from "node:crypto";
import type { Repl } from "@repl/contract";

/** Value of {@link LABELS.managedBy} on every resource of this service. */
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

/** Prefix of labels and annotations that belong to this service alone. */
export const RESERVED_PREFIX = "repl-orchestrator.dev/";

/** Label selector of everything this service made. */
export const OURS = `${LABELS.managedBy}=${MANAGED_BY}`;

const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
/** The hashed form, which no literal user id may take: otherwise one user could pass for another. */
const HASHED = /^u-[0-9a-f]{32}$/;

/** The user as a label value: the id itself where Kubernetes allows it (63 characters of a small set), else a stable hash. */
export function userLabel(userId: string): string {
  if (LABEL_VALUE.test(userId) && !HASHED.test(userId)) return userId;
  return `u-${createHash("sha256").update(userId).digest("hex").slice(0, 32)}`;
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

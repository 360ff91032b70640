import { LABELS, MANIFEST_HASH } from "@repl/provision";
import type { JobSeen, ObjectSeen } from "./history.ts";

/** What is read of a resource, whichever API server tells it. */
export interface ResourceRead {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly uid: string;
    readonly generation?: number | undefined;
    readonly labels?: Readonly<Record<string, string>> | undefined;
    readonly annotations?: Readonly<Record<string, string>> | undefined;
    readonly ownerReferences?: readonly { readonly uid: string }[] | undefined;
    readonly deletionTimestamp?: string | undefined;
  };
  readonly status?: unknown;
}

/** A resource as the history has it. */
export function objectSeen({ kind, metadata, status }: ResourceRead): ObjectSeen {
  const { labels = {}, annotations = {}, ownerReferences = [], generation = 0 } = metadata;
  const { availableReplicas = 0, observedGeneration = 0 } = (status ?? {}) as Record<string, number>;
  return {
    kind,
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    uid: metadata.uid,
    replId: labels[LABELS.repl] ?? "",
    user: labels[LABELS.user] ?? "",
    generation: Number(labels[LABELS.generation] ?? 0),
    managedBy: labels[LABELS.managedBy] ?? "",
    manifest: annotations[MANIFEST_HASH] ?? "",
    owners: ownerReferences.map(({ uid }) => uid),
    terminating: metadata.deletionTimestamp !== undefined,
    ready: kind !== "Deployment" || (availableReplicas > 0 && observedGeneration >= generation),
  };
}

/** A job's hash as the history has it. */
export function jobSeen(fields: ReadonlyMap<string, string>): JobSeen {
  const text = (name: string) => fields.get(name) ?? "";
  const number = (name: string) => Number(fields.get(name) ?? 0);
  const error = JSON.parse(fields.get("error") ?? "null") as { code: string } | null;
  return {
    jobId: text("jobId"),
    kind: text("kind") as JobSeen["kind"],
    replId: text("replId"),
    userId: text("userId"),
    generation: number("generation"),
    reason: text("reason"),
    state: text("state"),
    phase: text("phase"),
    progress: number("progress"),
    made: number("made"),
    requestId: text("requestId"),
    errorCode: error?.code ?? "",
    message: text("message"),
    version: number("version"),
    begunAt: number("begunAt"),
  };
}

/** What is read of a line of a log. */
export interface LineRead {
  readonly msg?: string | undefined;
  readonly replId?: string | undefined;
  readonly subject?: string | undefined;
  readonly code?: string | undefined;
  readonly source?: string | undefined;
  readonly err?: { readonly message?: string | undefined } | undefined;
}

/** What a line of a log says, and of what: lines of which this is the same tell of the same error. */
export function lineSeen({ msg, replId, subject, code, source, err }: LineRead): string {
  return [msg, replId, subject, code, source, err?.message].filter((part) => part !== undefined).join(" | ");
}

/** Redis' flat list of fields and values, as a job's change is published, by field. */
export function pairsOf(flat: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < flat.length; at += 2) fields.set(flat[at] as string, flat[at + 1] as string);
  return fields;
}

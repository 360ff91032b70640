import { type KindRef, type KubeClient, type KubeObject, withRetry } from "@repl/kube";
import { LABELS, OURS } from "../labels.ts";
import type { FoundResource } from "./compare.ts";

/** Longest wait for an API server that does not answer; the next sweep comes soon. */
const UNAVAILABLE_MS = 10_000;

/** All resources of this service of those kinds: one LIST for each kind. */
export async function listResources(
  client: KubeClient,
  kinds: readonly KindRef[],
  namespace: string,
  signal: AbortSignal,
): Promise<FoundResource[]> {
  const lists = await Promise.all(
    kinds.map((kind) =>
      withRetry(() => client.list(kind, { namespace, labelSelector: OURS, signal }), {
        signal,
        deadlineMs: UNAVAILABLE_MS,
      }),
    ),
  );
  return lists.flatMap(({ items }) => items.map(toFound));
}

function toFound({ apiVersion, kind, metadata }: KubeObject): FoundResource {
  const label = (name: string) => metadata.labels?.[name] ?? "";
  return {
    apiVersion,
    kind,
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    replId: label(LABELS.repl),
    user: label(LABELS.user),
    generation: Number(label(LABELS.generation)),
    createdAtMs: Date.parse(metadata.creationTimestamp ?? ""),
    terminating: metadata.deletionTimestamp !== undefined,
  };
}

import {
  KINDS,
  type KindName,
  type KindRef,
  type KubeClient,
  type KubeObject,
  type Selection,
  type Transform,
  withRetry,
} from "@repl/kube";
import type { Reach } from "../home/reach.ts";
import { kindsOf, outlivesItsRepl } from "../kinds.ts";
import { LABELS, OURS_OF_REPLS, OURS_OF_USERS } from "../labels.ts";
import type { Template } from "../template/parse.ts";
import type { FoundResource } from "./compare.ts";

/** Longest wait for an API server that does not answer; the next sweep comes soon. */
const UNAVAILABLE_MS = 10_000;

/** All resources of repls within reach: one LIST for each kind of their template, but for claims, which outlive a repl. */
export async function listResources(
  client: KubeClient,
  template: Template,
  reach: Reach,
  signal: AbortSignal,
): Promise<FoundResource[]> {
  const listed = template.manifests.filter((manifest) => !outlivesItsRepl(manifest));
  const kinds = new Set(listed.map(({ kind }) => KINDS[kind as KindName]));
  const selection = { namespace: reach.scope, labelSelector: OURS_OF_REPLS, transform: toFound };
  const found = await listAll(client, [...kinds], selection, signal);
  return found.filter(({ namespace }) => reach.includes(namespace));
}

/** All namespaces of users in the cluster and all that belongs in them: one LIST for each kind of their template. */
export function listUserResources(client: KubeClient, signal: AbortSignal): Promise<KubeObject[]> {
  const kinds = kindsOf("user-namespace").map((kind) => KINDS[kind as KindName]);
  return listAll(client, kinds, { labelSelector: OURS_OF_USERS, transform: (object) => object }, signal);
}

async function listAll<Item>(
  client: KubeClient,
  kinds: readonly KindRef[],
  selection: Selection & Transform<Item>,
  signal: AbortSignal,
): Promise<Item[]> {
  const retry = { signal, deadlineMs: UNAVAILABLE_MS };
  const lists = await Promise.all(
    kinds.map((kind) => withRetry((triesSoFar) => client.list(kind, { ...selection, signal, triesSoFar }), retry)),
  );
  return lists.flatMap(({ items }) => items);
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

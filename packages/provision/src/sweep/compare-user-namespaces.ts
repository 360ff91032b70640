import { setImmediate as nextTurn } from "node:timers/promises";
import { isTerminating, type KubeObject, refOf, subjectOf } from "@repl/kube";
import { decide } from "../apply/decide.ts";
import type { SecretsPlace } from "../home/user-secrets.ts";
import { LABELS } from "../labels.ts";
import { renderUserNamespace } from "../render/render-user-namespace.ts";
import type { Manifest } from "../render/stamp.ts";
import type { Template } from "../template/parse.ts";

/** What the sweep found out of order in a user's namespace, and what to do about it. */
export type NamespaceFinding =
  /** Missing, or not as its manifest says. */
  | { readonly do: "restore"; readonly manifest: Manifest; readonly because: string }
  /** Ours, and not in the template any more. */
  | { readonly do: "delete"; readonly resource: KubeObject; readonly because: string }
  /** Somebody else's. */
  | { readonly do: "report"; readonly subject: string; readonly because: string };

/**
 * The namespaces of users that this installation keeps, from a list of what was made for users. One that is being
 * deleted is left alone: the next start of its user makes it again.
 */
export function userPlaces(resources: readonly KubeObject[], prefix: string): SecretsPlace[] {
  return resources
    .filter((resource) => resource.kind === "Namespace" && !isTerminating(resource))
    .filter(({ metadata }) => metadata.name.startsWith(prefix))
    .map(({ metadata: { name, uid = "", labels } }) => ({ namespace: name, uid, user: labels?.[LABELS.user] ?? "" }));
}

/** Namespaces compared at a time, some ten milliseconds' work: a worker has watches and leases to look after as well. */
const BATCH = 100;

/** Compares the namespaces of users, and what belongs in them, with their template; lets others take turns meanwhile. */
export async function compareUserNamespaces(
  places: readonly SecretsPlace[],
  resources: readonly KubeObject[],
  template: Template,
): Promise<NamespaceFinding[]> {
  const byPlace = Map.groupBy(resources, ({ kind, metadata }) =>
    kind === "Namespace" ? metadata.name : (metadata.namespace ?? ""),
  );
  const findings: NamespaceFinding[] = [];
  for (let from = 0; from < places.length; from += BATCH) {
    if (from > 0) await nextTurn();
    for (const place of places.slice(from, from + BATCH))
      findings.push(...judgeAll(place, byPlace.get(place.namespace) ?? [], template));
  }
  return findings;
}

function judgeAll(
  { namespace, user }: SecretsPlace,
  found: readonly KubeObject[],
  template: Template,
): NamespaceFinding[] {
  const manifests = renderUserNamespace(template, namespace, user);
  return [
    ...manifests.flatMap((manifest) => judge(manifest, found)),
    ...found.filter((resource) => !isWanted(resource, manifests)).map(leftOver),
  ];
}

function judge(manifest: Manifest, found: readonly KubeObject[]): NamespaceFinding[] {
  const live = found.find((resource) => isSame(resource, manifest));
  if (live === undefined) return [{ do: "restore", manifest, because: "it is missing" }];
  switch (decide(manifest, live)) {
    case "keep":
    case "wait":
      return [];
    case "refuse":
      return [{ do: "report", subject: subjectOf(refOf(live)), because: "it belongs to another user" }];
    default:
      return [{ do: "restore", manifest, because: "it is not as the template says" }];
  }
}

function leftOver(resource: KubeObject): NamespaceFinding {
  return { do: "delete", resource, because: "it is not in the template of users' namespaces" };
}

function isWanted(resource: KubeObject, manifests: readonly Manifest[]): boolean {
  return isTerminating(resource) || manifests.some((manifest) => isSame(resource, manifest));
}

function isSame(left: KubeObject, right: KubeObject): boolean {
  return left.kind === right.kind && left.metadata.name === right.metadata.name;
}

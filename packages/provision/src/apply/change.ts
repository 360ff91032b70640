import type { Action, ResourceStatus } from "@repl/contract";
import { type KubeObject, refOf, subjectOf } from "@repl/kube";

/** What an attempt did to one resource. */
export interface Change {
  /** `Deployment/namespace/name`. */
  readonly subject: string;
  readonly action: Action;
  /** The resource as the API server answered it; for `deleted` and `absent`, as it was asked to go. */
  readonly object: KubeObject;
}

/** What an attempt did. A stop in the order of the template; a start the workload first, then what goes before and after it. */
export type ChangeSet = readonly Change[];

/** A change of that resource. */
export function change(action: Action, object: KubeObject): Change {
  return { subject: subjectOf(refOf(object)), action, object };
}

/** The change set as clients see it, each resource with the same readiness. */
export function toResourceStatuses(changes: ChangeSet, ready: boolean, message = ""): ResourceStatus[] {
  return changes.map(({ action, object: { kind, metadata } }) => ({
    kind,
    name: metadata.name,
    namespace: metadata.namespace ?? "",
    action,
    ready,
    message,
  }));
}

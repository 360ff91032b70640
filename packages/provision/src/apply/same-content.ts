import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "@repl/kube";

/**
 * Whether a write changed nothing of a resource. Its version does not tell: where an admission webhook takes a change
 * back, the API server may still keep anew, at another time and in another order, who manages which field.
 */
export function hasSameContent(before: KubeObject, after: KubeObject): boolean {
  return isDeepStrictEqual(contentOf(before), contentOf(after));
}

function contentOf({
  metadata: { resourceVersion: _version, managedFields: _managers, ...metadata },
  ...rest
}: KubeObject) {
  return { metadata, ...rest };
}

/** One owner of an object, as Kubernetes' garbage collector reads it (metav1.OwnerReference). */
interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** The part of metav1.ObjectMeta that this project reads or writes; the rest passes through untouched. */
interface KubeMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  /** Set once the object is being deleted, RFC 3339. It may still linger for its finalizers. */
  deletionTimestamp?: string;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  [field: string]: unknown;
}

/** A manifest or a resource as raw JSON: what is not listed here is neither dropped nor checked. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: KubeMeta;
  [field: string]: unknown;
}

/** One page, or all pages put together, of a LIST. Items carry apiVersion and kind, which the server leaves out. */
export interface KubeList<Item = KubeObject> {
  /** Where a watch goes on from. */
  resourceVersion: string;
  items: Item[];
}

/** One cause of a refused request (metav1.StatusCause). */
export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/**
 * The body of nearly every error answer (metav1.Status). Not of every one: kube-apiserver 1.35 answers
 * 429 and unknown paths with text/plain.
 */
export interface StatusBody {
  kind: "Status";
  code?: number;
  reason?: string;
  message?: string;
  details?: {
    name?: string;
    kind?: string;
    group?: string;
    uid?: string;
    causes?: StatusCause[];
    retryAfterSeconds?: number;
  };
}

/**
 * Whether a resource is on its way out. A server-side apply on such a resource answers 200 and the resource
 * vanishes all the same (kube-apiserver 1.35), so a successful answer must be asked this as well.
 */
export function isTerminating(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

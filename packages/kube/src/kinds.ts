/** What says which API serves an object. */
export interface KindRef {
  apiVersion: string;
  kind: string;
}

/** One row of the table of kinds. */
export interface KindRow extends KindRef {
  /** The last word of its collection's path. */
  plural: string;
  namespaced: boolean;
}

const row = (apiVersion: string, kind: string, plural: string, namespaced = true): KindRow => ({
  apiVersion,
  kind,
  plural,
  namespaced,
});

/**
 * Every kind this client can address. A table instead of discovery: it costs no request, and a kind that is not in
 * it is a mistake we want to hear of before anything is sent. Adding a kind is adding a row.
 */
export const KINDS = {
  Namespace: row("v1", "Namespace", "namespaces", false),
  Node: row("v1", "Node", "nodes", false),
  Pod: row("v1", "Pod", "pods"),
  Service: row("v1", "Service", "services"),
  ConfigMap: row("v1", "ConfigMap", "configmaps"),
  Secret: row("v1", "Secret", "secrets"),
  ServiceAccount: row("v1", "ServiceAccount", "serviceaccounts"),
  PersistentVolumeClaim: row("v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
  ResourceQuota: row("v1", "ResourceQuota", "resourcequotas"),
  LimitRange: row("v1", "LimitRange", "limitranges"),
  Event: row("v1", "Event", "events"),
  EndpointSlice: row("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
  Deployment: row("apps/v1", "Deployment", "deployments"),
  ReplicaSet: row("apps/v1", "ReplicaSet", "replicasets"),
  StatefulSet: row("apps/v1", "StatefulSet", "statefulsets"),
  Job: row("batch/v1", "Job", "jobs"),
  Ingress: row("networking.k8s.io/v1", "Ingress", "ingresses"),
  NetworkPolicy: row("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
  HTTPRoute: row("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes"),
} as const satisfies Record<string, KindRow>;

/** A kind of the table. */
export type KindName = keyof typeof KINDS;

/**
 * The row of a kind.
 * @throws {TypeError} naming the kind, when it is not in the table or belongs to another apiVersion
 */
export function kindRow(ref: KindRef): KindRow {
  const found: KindRow | undefined = Object.hasOwn(KINDS, ref.kind) ? KINDS[ref.kind as KindName] : undefined;
  if (found === undefined) {
    throw new TypeError(`kind ${JSON.stringify(ref.kind)} is not supported`);
  }
  if (found.apiVersion !== ref.apiVersion) {
    throw new TypeError(
      `kind ${ref.kind} is supported as ${found.apiVersion}, not as ${JSON.stringify(ref.apiVersion)}`,
    );
  }
  return found;
}

import type { ApiClient } from "./api-client.ts";

/** Which resources must be gone. */
export interface CleanNamespaceOptions {
  /** Only those with these labels: "app=repl,user=u1". */
  readonly labelSelector?: string;
}

/** Kinds a start can cause, its own and those that controllers add; path below the API root. */
const COLLECTIONS = {
  Deployment: ["/apis/apps/v1", "deployments"],
  ReplicaSet: ["/apis/apps/v1", "replicasets"],
  StatefulSet: ["/apis/apps/v1", "statefulsets"],
  Pod: ["/api/v1", "pods"],
  Service: ["/api/v1", "services"],
  Ingress: ["/apis/networking.k8s.io/v1", "ingresses"],
  NetworkPolicy: ["/apis/networking.k8s.io/v1", "networkpolicies"],
  PersistentVolumeClaim: ["/api/v1", "persistentvolumeclaims"],
  Secret: ["/api/v1", "secrets"],
  ConfigMap: ["/api/v1", "configmaps"],
} as const;

/** The namespace's own; the control plane puts it into each. */
const ALWAYS_THERE = "ConfigMap/kube-root-ca.crt";

/** The resources of a namespace as "Kind/name", sorted. */
export async function listResources(
  cluster: Pick<ApiClient, "get">,
  namespace: string,
  { labelSelector = "" }: CleanNamespaceOptions = {},
): Promise<string[]> {
  const query = `labelSelector=${encodeURIComponent(labelSelector)}`;
  const lists = Object.entries(COLLECTIONS).map(async ([kind, [root, plural]]) => {
    const list = await cluster.get(`${root}/namespaces/${namespace}/${plural}?${query}`);
    return list.items.map((item: { metadata: { name: string } }) => `${kind}/${item.metadata.name}`);
  });
  const found: string[] = (await Promise.all(lists)).flat();
  return found.filter((subject) => subject !== ALWAYS_THERE).sort();
}

/**
 * The test left no resource behind. Resources that are still being deleted count: wait for them with `waitFor`.
 * @throws Error that lists what was left.
 */
export async function assertNoResources(
  cluster: Pick<ApiClient, "get">,
  namespace: string,
  options: CleanNamespaceOptions = {},
): Promise<void> {
  const left = await listResources(cluster, namespace, options);
  if (left.length > 0)
    throw new Error(`namespace ${namespace} still holds ${left.length} resources:\n${left.join("\n")}`);
}

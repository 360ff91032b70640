import { type ApiClient, listResources } from "@repl/testkit";

/** Where the template's three resources of a repl are. */
export function pathsOf(namespace: string, replId: string) {
  return {
    Deployment: `/apis/apps/v1/namespaces/${namespace}/deployments/${replId}`,
    Service: `/api/v1/namespaces/${namespace}/services/${replId}`,
    Ingress: `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/${replId}-ingress`,
  };
}

/** The resources of a namespace that its controllers did not make. */
export async function ownResources(api: Pick<ApiClient, "get">, namespace: string): Promise<string[]> {
  const subjects = await listResources(api, namespace);
  return subjects.filter((subject) => !/^(Pod|ReplicaSet)\//.test(subject));
}

/** What a repl that runs has, sorted. */
export function threeOf(replId: string): string[] {
  return [`Deployment/${replId}`, `Ingress/${replId}-ingress`, `Service/${replId}`];
}

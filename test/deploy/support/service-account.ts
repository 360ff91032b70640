import type { ApiClient } from "@repl/testkit";

/** A token of a ServiceAccount, as the kubelet would mount it (TokenRequest). */
export async function tokenOf(api: ApiClient, namespace: string, name: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3_600 } };
  const { status, body } = await api.request("POST", path, request);
  if (status !== 201) throw new Error(`no token of ${namespace}/${name}: ${status} ${body?.message}`);
  return body.status.token;
}

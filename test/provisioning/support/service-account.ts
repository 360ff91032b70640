import { type ApiClient, waitFor } from "@repl/testkit";

const rbac = "/apis/rbac.authorization.k8s.io/v1";
const name = "worker";

/** What the worker does in its namespace. */
const RULES = [
  { apiGroups: ["apps"], resources: ["deployments"], verbs: ["*"] },
  { apiGroups: [""], resources: ["services", "pods", "events"], verbs: ["*"] },
  { apiGroups: ["networking.k8s.io"], resources: ["ingresses"], verbs: ["*"] },
];

/** A token of a service account that may do in its namespace what the worker does, and no more. */
export async function serviceAccountToken(api: ApiClient, namespace: string): Promise<string> {
  const subject = { kind: "ServiceAccount", name, namespace };
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name };
  await api.request("POST", `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
  await api.request("POST", `${rbac}/namespaces/${namespace}/roles`, { metadata: { name }, rules: RULES });
  await api.request("POST", `${rbac}/namespaces/${namespace}/rolebindings`, {
    metadata: { name },
    subjects: [subject],
    roleRef,
  });
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const { body } = await api.request("POST", path, {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: {},
  });
  const { token } = body.status;
  // The authorizer learns of the binding a moment later.
  const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  await waitFor(async () => (await api.request("GET", deployments, undefined, { token })).status === 200, {
    what: "the role binding to count",
  });
  return token;
}

import { loadCredentials } from "@repl/kube";
import { type ApiClient, openApiClient } from "@repl/testkit";

/** The API server of a kubeconfig's current context. @param path of the kubeconfig */
export async function openKubeconfig(path: string): Promise<ApiClient> {
  const credentials = await loadCredentials({ kubeconfig: path, environment: {} });
  const { headers, tls } = await credentials.access();
  return openApiClient({ server: credentials.server, headers, tls });
}

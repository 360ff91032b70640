import { readFile, writeFile } from "node:fs/promises";
import type { ApiAccess } from "./api-client.ts";

/** What a kubeconfig for tests says. */
export interface KubeconfigOptions extends ApiAccess {
  readonly namespace?: string;
}

/**
 * Writes a kubeconfig (as JSON, which is YAML): for a user with less rights than the administrator, or for a proxy's
 * port. The test cluster's certificate is for 127.0.0.1, whatever the port.
 */
export async function writeKubeconfig(
  path: string,
  { server, caPath, token, namespace = "default" }: KubeconfigOptions,
): Promise<void> {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server, "certificate-authority": caPath } }],
    users: [{ name: "test", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test", namespace } }],
    "current-context": "test",
  };
  await writeFile(path, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
}

/** Reads what `tools/testcluster/up` wrote. */
export async function readKubeconfig(path: string): Promise<ApiAccess> {
  const config = JSON.parse(await readFile(path, "utf8"));
  const { server, "certificate-authority": caPath } = config.clusters[0].cluster;
  return { server, caPath, token: config.users[0].user.token };
}

import { readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { CredentialsError } from "./credentials-error.ts";
import type { Environment } from "./credentials-types.ts";
import type { Identity } from "./identity.ts";

/** Where kubelet mounts a pod's service account (kubernetes.io, "Accessing the API from a Pod"). */
const DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * The identity of the pod we run in.
 * @throws {CredentialsError} when the variables that kubelet sets are missing
 */
export async function loadInCluster(environment: Environment, directory: string = DIRECTORY): Promise<Identity> {
  const host = environment["KUBERNETES_SERVICE_HOST"];
  const port = environment["KUBERNETES_SERVICE_PORT"];
  if (!host || !port) {
    throw new CredentialsError(
      "in-cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; is this a pod?",
    );
  }
  return {
    origin: "in-cluster",
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    namespace: await readNamespace(join(directory, "namespace")),
    ca: { file: join(directory, "ca.crt") },
    token: { file: join(directory, "token") },
    insecure: false,
  };
}

/** Only a convenience: a mount without it still works. */
async function readNamespace(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, "utf8")).trim() || undefined;
  } catch {
    return undefined;
  }
}

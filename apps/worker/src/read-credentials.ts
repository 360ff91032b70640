import { CredentialsError, loadCredentials } from "@repl/kube";

/** Credentials that cannot be used; the message names the setting. */
export class UnusableCredentials extends Error {
  override readonly name = "UnusableCredentials";
}

/**
 * The credentials of a kubeconfig, or of the pod where there is none.
 * @throws UnusableCredentials
 */
export function readCredentials(
  kubeconfig: string | undefined,
  environment: NodeJS.ProcessEnv,
): ReturnType<typeof loadCredentials> {
  const source = kubeconfig === undefined ? { inCluster: true as const, environment } : { kubeconfig, environment };
  return loadCredentials(source).catch((error: unknown) => {
    if (!(error instanceof CredentialsError)) throw error;
    const setting = kubeconfig === undefined ? "KUBECONFIG is not set" : "KUBECONFIG";
    throw new UnusableCredentials(`${setting}: ${error.message}`, { cause: error });
  });
}

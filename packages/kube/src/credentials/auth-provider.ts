import { CredentialsError } from "./credentials-error.ts";
import type { Identity } from "./identity.ts";

/**
 * The Authorization header of a legacy `auth-provider` entry. Only `oidc` is left of them: `gcp` and `azure` went with
 * Kubernetes 1.26, in favour of exec plugins. Loaded when it is used: it takes client-node half a second.
 * @throws {CredentialsError} for another provider, or when it yields nothing
 */
export async function authProviderHeader(
  identity: Identity,
  provider: { name: string; user: object },
): Promise<string> {
  if (provider.name !== "oidc") {
    throw new CredentialsError(
      `${identity.origin}: auth-provider ${JSON.stringify(provider.name)} is not supported; use an exec plugin`,
    );
  }
  const { OpenIDConnectAuth } = await import("@kubernetes/client-node/dist/oidc_auth.js");
  const options: { headers: Record<string, string> } = { headers: {} };
  await new OpenIDConnectAuth().applyAuthentication(provider.user as Parameters<OpenIDConnectAuthMethod>[0], options);
  const header = options.headers["Authorization"];
  if (header) return header;
  throw new CredentialsError(`${identity.origin}: auth-provider oidc has no usable id-token`);
}

type OpenIDConnectAuthMethod =
  import("@kubernetes/client-node/dist/oidc_auth.js").OpenIDConnectAuth["applyAuthentication"];

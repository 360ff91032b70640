import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey } from "jose";

/** The identity provider's keys cannot be read; nothing is wrong with the token. */
export class KeysUnavailable extends Error {
  override readonly name = "KeysUnavailable";
}

type Asked = Parameters<JWTVerifyGetKey>;

/** Leaves room for the rest of a request within two seconds. */
const TIMEOUT_MS = 1_000;
/** How long the keys last read count while they cannot be read again; one withdrawn meanwhile counts as long. */
const KEPT_MS = 3_600_000;
/** Until it is tried again, so that not every request of an outage waits for the time-out. */
const RETRY_MS = 2_000;

/**
 * The keys at an identity provider's address (a JWK Set), read again every ten minutes and for a key that is not among
 * them (jose). While they cannot be, those last read go on counting: its outage does not become this service's.
 * @throws KeysUnavailable, and jose's errors about the token
 */
export function remoteKeys(url: URL): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(url, { timeoutDuration: TIMEOUT_MS });
  let readAtMs = 0;
  let failure: { readonly error: unknown; readonly atMs: number } | undefined;

  const keyOf = async (...header: Asked) => {
    if (failure !== undefined && Date.now() < failure.atMs + RETRY_MS) throw failure.error;
    try {
      const key = await keys(...header);
      [readAtMs, failure] = [Date.now(), undefined];
      return key;
    } catch (error) {
      if (!isAboutTheToken(error)) failure = { error, atMs: Date.now() };
      throw error;
    }
  };
  const lastKeyOf = async (...header: Asked) => {
    const known = keys.jwks();
    if (known === undefined || Date.now() > readAtMs + KEPT_MS) throw new Error("none are known of late");
    return createLocalJWKSet(known)(...header);
  };
  return (...header) =>
    keyOf(...header).catch(async (error: unknown) => {
      if (isAboutTheToken(error)) throw error;
      return await lastKeyOf(...header).catch(() => {
        throw new KeysUnavailable("the keys of the identity provider cannot be read", { cause: error });
      });
    });
}

function isAboutTheToken(error: unknown): boolean {
  const kinds = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];
  return kinds.some((kind) => error instanceof kind);
}

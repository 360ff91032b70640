import { createPublicKey } from "node:crypto";
import { UserId } from "@repl/contract";
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify, type KeyObject } from "jose";
import Value from "typebox/value";
import type { Caller } from "./caller.ts";
import { rememberTokens, type VerifyFully, type VerifyToken } from "./remember-tokens.ts";
import { KeysUnavailable, remoteKeys } from "./remote-keys.ts";

/** How tokens are verified; the api's settings have all of it. Exactly one of the three keys is given. */
export interface TokenOptions {
  readonly authJwksUrl?: string;
  /** PEM (SPKI); line breaks may be written as `\n`. */
  readonly authPublicKey?: string;
  readonly authSecret?: string;
  /** JOSE names, all of them for secrets or all of them for public keys. */
  readonly authAlgorithms?: readonly string[];
  readonly authIssuer?: string;
  readonly authAudience?: string;
  readonly authClockToleranceSeconds: number;
  /** How long a token that was found good is not verified again; 0: verified each time. */
  readonly authCacheSeconds: number;
}

/** Why a token is no good, for the log alone; a client learns that it is no good and nothing else. */
export class RefusedToken extends Error {
  override readonly name = "RefusedToken";
  /** jose's code, such as ERR_JWT_EXPIRED. */
  readonly code: string;

  constructor(code: string) {
    super(`the token is refused: ${code}`);
    this.code = code;
  }
}

/** Scopes (RFC 8693 4.2 `scope`, or the `scp` of some providers) that give more than one's own repls. */
const ADMIN = "admin";
const SERVICE = "service";
/** Real ones have one or two kilobytes. */
const LONGEST_TOKEN = 8_192;
const SECRET_ALGORITHMS = ["HS256"];
const KEY_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"];

/**
 * Builds the function that verifies tokens: JWS alone (no JWE), algorithms from a fixed list that fits the kind of key
 * (RFC 8725 3.1), issuer, audience, expiry and subject required. Keys that a token brings along (`jwk`, `jku`, `x5u`)
 * are never looked at, and nothing is fetched but the one configured address. Good tokens are remembered for a while.
 */
export function createTokenVerifier(options: TokenOptions): VerifyToken {
  return rememberTokens(createSignatureVerifier(options), options.authCacheSeconds * 1_000);
}

function createSignatureVerifier(options: TokenOptions): VerifyFully {
  const key = keyOf(options);
  const checks = {
    algorithms: [
      ...(options.authAlgorithms ?? (options.authSecret === undefined ? KEY_ALGORITHMS : SECRET_ALGORITHMS)),
    ],
    issuer: needed("authIssuer", options.authIssuer),
    audience: needed("authAudience", options.authAudience),
    clockTolerance: options.authClockToleranceSeconds,
    requiredClaims: ["exp", "sub"],
  };
  return async (token) => {
    if (token.length > LONGEST_TOKEN) throw new RefusedToken("TOKEN_TOO_LONG");
    try {
      // jose's overloads tell keys from functions; both are taken.
      const { payload } = await jwtVerify(token, key as JWTVerifyGetKey, checks);
      return { caller: callerOf(payload), expiresAtMs: Number(payload.exp) * 1_000 };
    } catch (error) {
      if (error instanceof RefusedToken || error instanceof KeysUnavailable) throw error;
      throw new RefusedToken(error instanceof errors.JOSEError ? error.code : "KEY_DOES_NOT_FIT");
    }
  };
}

function keyOf({ authJwksUrl, authPublicKey, authSecret }: TokenOptions): JWTVerifyGetKey | KeyObject | Uint8Array {
  if (authSecret !== undefined) return new TextEncoder().encode(authSecret);
  if (authPublicKey !== undefined) return createPublicKey(authPublicKey.replaceAll("\\n", "\n").trim());
  return remoteKeys(new URL(needed("authJwksUrl", authJwksUrl)));
}

function callerOf(payload: JWTPayload): Caller {
  const { sub } = payload;
  if (!Value.Check(UserId, sub)) throw new RefusedToken("SUBJECT_IS_NO_USER_ID");
  const scopes = scopesOf(payload);
  const isAdmin = scopes.includes(ADMIN);
  return Object.freeze({ subject: sub, actsForOthers: isAdmin || scopes.includes(SERVICE), isAdmin });
}

function scopesOf({ scope, scp }: JWTPayload): string[] {
  return [scope, scp].flat().flatMap((text) => (typeof text === "string" ? text.split(" ") : []));
}

function needed<Value>(name: string, value: Value | undefined): Value {
  if (value === undefined) throw new TypeError(`${name} is needed to verify tokens`);
  return value;
}

import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import { type JWTPayload, SignJWT } from "jose";
import type { TokenOptions } from "../src/auth/token-verifier.ts";

export const ISSUER = "https://id.example.com/";
export const AUDIENCE = "repls";

/** The identity provider's keys, and somebody else's. */
export const provider = generateKeyPairSync("rsa", { modulusLength: 2_048 });
export const stranger = generateKeyPairSync("rsa", { modulusLength: 2_048 });

/** The provider's public key as operators have it. */
export const publicPem = provider.publicKey.export({ type: "spki", format: "pem" }).toString();

export const verification: TokenOptions = {
  authPublicKey: publicPem,
  authIssuer: ISSUER,
  authAudience: AUDIENCE,
  authClockToleranceSeconds: 5,
  authCacheSeconds: 30,
};

const nowSeconds = () => Math.floor(Date.now() / 1_000);

/** A good token's claims, some of them changed; undefined leaves one out. */
export function claims(changes: Record<string, unknown> = {}): JWTPayload {
  const all = { iss: ISSUER, aud: AUDIENCE, sub: "alice", exp: nowSeconds() + 300, iat: nowSeconds(), ...changes };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Signs claims as the provider does, or with another key or header. */
export function sign(
  payload: JWTPayload,
  key: KeyObject | Uint8Array = provider.privateKey,
  header: { alg: string; [name: string]: unknown } = { alg: "RS256" },
): Promise<string> {
  return new SignJWT(payload).setProtectedHeader(header).sign(key);
}

/** A good token. */
export const tokenOf = (sub: string, scope?: string) => sign(claims({ sub, scope }));

const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");

/** A token whose header and signature are whatever the attacker wants. */
export function forged(header: object, payload: object, signature = ""): string {
  return `${encode(header)}.${encode(payload)}.${signature}`;
}

/** A token signed with HMAC over any text as the secret. */
export function signedWithText(secret: string, header: object, payload: object): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

/** The header that carries it. */
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Settings of an api with every check of an order on; none of the limits is met by some hundred orders. */
export const EVERY_CHECK = {
  MAX_OPEN_JOBS: "1000",
  MAX_RUNNING_PER_USER: "1000",
  MAX_STARTING_PER_USER: "1000",
  ORDERS_PER_MINUTE: "1000",
  AUTH_MODE: "jwt",
  AUTH_PUBLIC_KEY: publicPem,
  AUTH_ISSUER: ISSUER,
  AUTH_AUDIENCE: AUDIENCE,
};

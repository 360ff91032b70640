import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Caller } from "./caller.ts";

/**
 * Whose token it is.
 * @throws RefusedToken, KeysUnavailable
 */
export type VerifyToken = (token: string) => Promise<Caller>;

/** The same, with the time from which on the token is no good (milliseconds since 1970). */
export type VerifyFully = (token: string) => Promise<{ readonly caller: Caller; readonly expiresAtMs: number }>;

/** Callers of one process within the time a token is remembered; some 3 MB. Those not seen for longest go first. */
const MOST_REMEMBERED = 10_000;

/**
 * Verifies a token once in a while instead of with every request: a signature takes as long as the rest of a request
 * together. A token is found by its SHA-256, so that none lies in the memory, and never counts beyond its expiry; one
 * that was refused is looked at each time. A key that is withdrawn at the identity provider counts up to `forMs` longer.
 */
export function rememberTokens(verify: VerifyFully, forMs: number): VerifyToken {
  if (forMs === 0) return async (token) => (await verify(token)).caller;
  const known = new LRUCache<string, Caller>({ max: MOST_REMEMBERED, ttl: forMs });
  return async (token) => {
    const name = hash("sha256", token, "base64");
    const caller = known.get(name);
    if (caller !== undefined) return caller;
    const verified = await verify(token);
    const ttl = Math.min(forMs, verified.expiresAtMs - Date.now());
    if (ttl >= 1) known.set(name, verified.caller, { ttl });
    return verified.caller;
  };
}

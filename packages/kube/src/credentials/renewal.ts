import { type Answer, ExchangeFailure } from "../transport/exchange.ts";
import type { Access, Credentials } from "./credentials-types.ts";

/**
 * Runs an attempt, and once more with credentials read again where that may make the difference: after a 401, which
 * was not executed, and after a TLS connection that was not made. Only when they did change: otherwise the second
 * attempt would fail like the first.
 */
export async function withRenewal<T extends object>(
  credentials: Credentials,
  attempt: (access: Access) => Promise<T | Answer | ExchangeFailure>,
): Promise<T | Answer | ExchangeFailure> {
  const access = await credentials.access();
  const first = await attempt(access);
  if (!mayHeal(first)) return first;
  const renewed = await credentials.reload(access);
  return renewed === access ? first : attempt(renewed);
}

function mayHeal(outcome: object): boolean {
  if (outcome instanceof ExchangeFailure) {
    return outcome.sent === "no" && /CERT|^ERR_SSL|^ERR_TLS|^EPROTO$|UNABLE_TO_/.test(outcome.code);
  }
  return "status" in outcome && outcome.status === 401;
}

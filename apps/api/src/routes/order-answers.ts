import type { Acceptance, Admission, RateState } from "@repl/contract";
import { Problem } from "../problems/problem.ts";

/**
 * The acceptance, where it is one.
 * @throws Problem what the order was refused for
 */
export function admitted(acceptance: Acceptance): Admission {
  switch (acceptance.outcome) {
    case "accepted":
    case "joined":
    case "replayed":
      return acceptance;
    case "full":
      throw new Problem("queue_full");
    case "rate_limited":
      throw new Problem("rate_limited", { headers: { "retry-after": seconds(acceptance.rate?.retryMs ?? 0) } });
    case "other_order":
      throw new Problem("idempotency_mismatch");
    case "user_limit": {
      const { limit, max } = acceptance;
      const detail = `At most ${max} ${max === 1 ? "repl" : "repls"} of a user may be ${limit} at the same time.`;
      throw new Problem("user_limit", { detail, members: { details: { limit, max } } });
    }
    case "foreign":
    case "outdated": // Answers conditions, which a client's order has none of.
      throw new Problem("repl_taken");
  }
}

/** Headers of draft-ietf-httpapi-ratelimit-headers-06, the form that clients know; none where there is no limit. */
export function rateHeaders(rate: RateState | undefined): Record<string, string> {
  if (rate === undefined) return {};
  return {
    "ratelimit-limit": String(rate.limit),
    "ratelimit-remaining": String(rate.remaining),
    "ratelimit-reset": seconds(rate.resetMs),
  };
}

function seconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1_000)));
}

import type { App, FastifyRequest, RequestFacts } from "../app-types.ts";
import { ANYBODY, type Caller } from "../auth/caller.ts";
import type { VerifyToken } from "../auth/remember-tokens.ts";
import { KeysUnavailable } from "../auth/remote-keys.ts";
import { tokenOf } from "../auth/token-of.ts";
import { RefusedToken } from "../auth/token-verifier.ts";
import { Problem } from "../problems/problem.ts";

/** The one address that takes a token as `?access_token=`, since a browser's EventSource cannot send headers. */
const TAKES_TOKEN_IN_QUERY = "/jobs/:jobId/events";

/**
 * Finds out who asks, before anything else of the request is looked at. It applies to the routes of this scope.
 * @param verify undefined where authentication is off: then everybody may do everything.
 */
export function authenticate(scope: App, verify: VerifyToken | undefined): void {
  scope.decorateRequest("caller");
  scope.addHook("onRequest", async (request) => {
    request.caller =
      verify === undefined ? ANYBODY : await callerOf(request.facts, verify, () => tokenOfRequest(request));
  });
}

/**
 * Who sent the request.
 * @throws Problem unauthorized, the same whatever is wrong with the token (the log has the reason); keys_unavailable
 */
export async function callerOf(
  facts: RequestFacts,
  verify: VerifyToken,
  readToken: () => string | undefined,
  challenge = "Bearer",
): Promise<Caller> {
  try {
    const token = readToken();
    if (token === undefined) throw new RefusedToken("NO_TOKEN");
    return await verify(token);
  } catch (error) {
    if (error instanceof KeysUnavailable) throw new Problem("keys_unavailable", { cause: error });
    if (!(error instanceof RefusedToken)) throw error;
    facts.refusedToken = error.code;
    throw new Problem("unauthorized", { headers: { "www-authenticate": challenge } });
  }
}

function tokenOfRequest({ raw, query, routeOptions }: FastifyRequest): string | undefined {
  const inHeader = tokenOf(raw);
  const inQuery = (query as { access_token?: unknown }).access_token;
  if (inQuery === undefined || routeOptions.url !== TAKES_TOKEN_IN_QUERY) return inHeader;
  if (inHeader !== undefined || typeof inQuery !== "string") throw new RefusedToken("TWO_TOKENS"); // RFC 6750 2
  return inQuery;
}

import type { IncomingMessage } from "node:http";
import { sentValues } from "@repl/ops";
import { RefusedToken } from "./token-verifier.ts";

/** The scheme's case does not matter (RFC 9110 11.1); the token is what RFC 6750 2.1 calls b64token. */
const BEARER = /^bearer +([\w.~+/-]+=*)$/i;
const BASIC = /^basic +([\w+/-]+=*)$/i;

/**
 * The token in a request's Authorization header, undefined without that header.
 * @throws RefusedToken for two headers, of which Node would silently drop one, and for another scheme
 */
export function tokenOf(request: IncomingMessage): string | undefined {
  const header = authorizationOf(request);
  if (header === undefined) return undefined;
  const token = BEARER.exec(header)?.[1];
  if (token === undefined) throw new RefusedToken("NO_BEARER_TOKEN");
  return token;
}

/** The same, or the password of HTTP Basic, which is the one way to have a browser send a token with a page. */
export function tokenOfPage(request: IncomingMessage): string | undefined {
  const basic = BASIC.exec(authorizationOf(request) ?? "")?.[1];
  if (basic === undefined) return tokenOf(request);
  const credentials = Buffer.from(basic, "base64").toString();
  return credentials.slice(credentials.indexOf(":") + 1);
}

function authorizationOf(request: IncomingMessage): string | undefined {
  if (sentValues(request, "authorization").length > 1) throw new RefusedToken("TWO_HEADERS");
  return request.headers.authorization;
}

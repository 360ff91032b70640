import type { IncomingMessage, Server } from "node:http";
import { sentValues } from "./plain-http.ts";

/** Names that lead to this machine whoever answers for DNS (RFC 6761 6.3), and its loopback addresses; any port. */
const LOCAL = /^(?:(?:[\w-]+\.)*localhost\.?|127(?:\.\d{1,3}){3}|\[::1\])(?::\d*)?$/i;

const LOOPBACK_ADDRESS = /^(?:::1$|(?:::ffff:)?127\.)/;

/** What a request is told whose Host is foreign. */
export const LOCAL_HOST_NEEDED =
  "This port listens on loopback. It takes as Host only localhost, names below it, 127.0.0.0/8 and [::1], with any port.";

/**
 * Whether a request names another host than this machine although the server listens on loopback alone. A browser takes
 * a server for a page's own, and lets the page read what it answers, where the page's name was made to lead there (DNS
 * rebinding); what page it is shows in the Host alone, which no page can choose. For ports that ask for no token.
 */
export function hasForeignHost(request: IncomingMessage, server: Server): boolean {
  return sentValues(request, "host").some((host) => !LOCAL.test(host)) && listensOnLoopback(server);
}

/** Not where it does not listen at all. */
function listensOnLoopback(server: Server): boolean {
  const address = server.address();
  return typeof address === "object" && address !== null && LOOPBACK_ADDRESS.test(address.address);
}

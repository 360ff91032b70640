import { isIP } from "node:net";

/** What has Node's TLS name the host (SNI), by which a router finds a server; an address is no name (RFC 6066, section 3). */
export function serverName(host: string): { readonly servername?: string } {
  return isIP(host) === 0 ? { servername: host.replace(/\.$/, "") } : {};
}

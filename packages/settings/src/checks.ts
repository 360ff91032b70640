import { createPublicKey } from "node:crypto";
import { isIP } from "node:net";

const HOST_NAME = /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/i;

/** An address or name that a server can listen on. */
export function isHost(value: string): boolean {
  return isIP(value) !== 0 || (value.length <= 253 && HOST_NAME.test(value));
}

/** Whether what listens on the host can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** An origin just as browsers send it: scheme, host, and the port where it is not the scheme's own. */
export function isOrigin(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === value;
}

/** One `{…}` and no other brace: Redis Cluster hashes what is inside, so that all keys lie in one slot. */
export function hasHashTag(value: string): boolean {
  return value.length <= 100 && /^[!-z|~]*\{[!-z|~]+\}[!-z|~]*$/.test(value);
}

/** RFC 1123 label, as Kubernetes wants the name of a namespace. */
export function isNamespace(value: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value);
}

/**
 * What the names of users' namespaces may begin with: room for a hash of 34 characters in a DNS label, and no way to any
 * of the cluster's own (`default`, `kube-…`).
 */
export function isNamespacePrefix(value: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,27}-$/.test(value) && !value.startsWith("kube-");
}

/** A path the system can take; whether it exists is found out by who opens it. */
export function isPath(value: string): boolean {
  return !value.includes("\0");
}

/** An address, or a range of addresses as address/bits; all there are would be no range. */
export function isAddressRange(value: string): boolean {
  const [address = "", bits, ...rest] = value.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** https://…, or http://… to this machine: keys that come over plain HTTP can be anybody's. */
export function isKeySetUrl(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || url.username !== "" || url.password !== "") return false;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(host));
}

/** A public key in PEM (SPKI); line breaks may be written as \\n, as environment files need it. */
export function isPublicKeyPem(value: string): boolean {
  const pem = value.replaceAll("\\n", "\n").trim();
  if (!pem.startsWith("-----BEGIN PUBLIC KEY-----")) return false;
  try {
    return createPublicKey(pem).type === "public";
  } catch {
    return false;
  }
}

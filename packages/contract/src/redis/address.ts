/** One server, or one of several to begin with. */
export interface Endpoint {
  /** A name or an IP address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What a Redis URL says. */
export interface RedisAddress {
  /** One server, a primary that Sentinels name, or the node of a Redis Cluster that holds the keys. */
  readonly topology: "server" | "sentinel" | "cluster";
  readonly tls: boolean;
  /** The server, the Sentinels, or some nodes of the cluster; at least one. */
  readonly endpoints: readonly [Endpoint, ...Endpoint[]];
  readonly username?: string;
  readonly password?: string;
  /** 0 unless the URL says otherwise; always 0 in a cluster. */
  readonly database: number;
  /** What the Sentinels call the primary; there with Sentinel alone. */
  readonly primaryName?: string;
}

/** Completes the sentence "REDIS_URL: expected …". Nothing in it looks like a password, which the log would black out. */
export const REDIS_URL_FORMS =
  "redis://[credentials@]host[:port][/database], redis+sentinel://[credentials@]host[:port],host[:port]/primary-name[/database] or redis+cluster://[credentials@]host[:port],host[:port]; credentials are user:password; rediss for TLS in place of redis";

const TOPOLOGIES = { "": "server", "+sentinel": "sentinel", "+cluster": "cluster" } as const;
const PORTS = { server: 6_379, sentinel: 26_379, cluster: 6_379 } as const;
const URL_PARTS = /^redis(s?)(\+sentinel|\+cluster|):\/\/(?:([^@/]*)@)?([^@/?#]+)((?:\/[^/?#]*)*)$/;
const HOST_AND_PORT = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i;

/** Reads a Redis URL; undefined where it is none of {@link REDIS_URL_FORMS}. User and password may be percent-encoded. */
export function parseRedisUrl(url: string): RedisAddress | undefined {
  const [, secure, suffix, credentials, hosts = "", path = ""] = URL_PARTS.exec(url) ?? [];
  const topology = TOPOLOGIES[suffix as keyof typeof TOPOLOGIES];
  if (topology === undefined) return undefined;
  const endpoints = hosts.split(",").map((host) => endpointOf(host, PORTS[topology]));
  const place = placeOf(topology, path);
  const user = credentialsOf(credentials);
  const [first, ...others] = endpoints;
  if (!first || !place || !user || (topology === "server" && others.length > 0)) return undefined;
  if (others.includes(undefined)) return undefined;
  return {
    topology,
    tls: secure === "s",
    endpoints: [first, ...(others as Endpoint[])],
    ...user,
    ...place,
  };
}

/** `host:port`, the host of an IPv6 address in brackets. */
export function endpointText({ host, port }: Endpoint): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function endpointOf(text: string, defaultPort: number): Endpoint | undefined {
  const [, ipv6, name, portText] = HOST_AND_PORT.exec(text) ?? [];
  const host = ipv6 ?? name;
  const port = portText === undefined ? defaultPort : Number(portText);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

function placeOf(
  topology: RedisAddress["topology"],
  path: string,
): Pick<RedisAddress, "database" | "primaryName"> | undefined {
  const parts = path.split("/").slice(1);
  const primaryName = topology === "sentinel" ? parts.shift() : undefined;
  if (topology === "sentinel" && !/^[\w.-]+$/.test(primaryName ?? "")) return undefined;
  const [database = "", ...rest] = parts;
  if (rest.length > 0 || !/^\d{0,5}$/.test(database)) return undefined;
  if (topology === "cluster" && Number(database) !== 0) return undefined;
  return { database: Number(database), ...(primaryName === undefined ? {} : { primaryName }) };
}

function credentialsOf(text: string | undefined): Pick<RedisAddress, "username" | "password"> | undefined {
  if (text === undefined) return {};
  const colon = text.indexOf(":");
  const [username, password] = colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
  try {
    return {
      ...(username === "" ? {} : { username: decodeURIComponent(username) }),
      ...(password === "" ? {} : { password: decodeURIComponent(password) }),
    };
  } catch {
    return undefined; // A percent sign that encodes nothing.
  }
}

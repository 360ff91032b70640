/** A query's parameters; undefined ones are left out. */
export type Query = Record<string, string | number | boolean | undefined>;

/** Where a request goes: a server's address may itself have a path, as behind Rancher and other gateways. */
export function target(server: string, path: string, query: Query = {}): { origin: string; path: string } {
  const { origin, pathname } = new URL(server);
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  const prefix = pathname.replace(/\/+$/, "");
  const suffix = parameters.size === 0 ? "" : `?${parameters}`;
  return { origin, path: `${prefix}${path}${suffix}` };
}

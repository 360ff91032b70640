import { stringify } from "node:querystring";

/** A query's parameters; undefined ones are left out. */
export type Query = Record<string, string | number | boolean | undefined>;

/** Where a request to one server goes. */
export type Target = (path: string, query?: Query) => { origin: string; path: string };

/** Builds the targets on a server, whose address may itself have a path, as behind Rancher and other gateways. */
export function createTarget(server: string): Target {
  const { origin, pathname } = new URL(server);
  const prefix = pathname.replace(/\/+$/, "");
  return (path, query = {}) => {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const suffix = given.length === 0 ? "" : `?${stringify(Object.fromEntries(given))}`;
    return { origin, path: `${prefix}${path}${suffix}` };
  };
}

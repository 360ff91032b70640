import type { KubeObject } from "@repl/kube";
import { at, listAt } from "../json.ts";
import { ADDRESS } from "../labels.ts";

/**
 * Where a repl's manifests make it answer, in the template's order. Scheme and port are those of the address that the
 * template states, else `https` for hosts that an Ingress has a certificate for, `http` for the others. A rule
 * without a host answers at the address; without one nobody knows where that is, and it gives no URL.
 */
export function urlsOf(manifests: readonly KubeObject[]): string[] {
  return manifests.flatMap((manifest) => {
    if (manifest.kind === "Ingress") return ingressUrls(manifest);
    if (manifest.kind === "HTTPRoute") return routeUrls(manifest);
    return [];
  });
}

function ingressUrls(ingress: KubeObject): string[] {
  const certified = new Set(listAt(ingress, "spec", "tls").flatMap((tls) => listAt(tls, "hosts")));
  const isSecured = (host: string) => certified.has(host) || certified.has(host.replace(/^[^.]+/, "*"));
  return listAt(ingress, "spec", "rules").flatMap((rule) => {
    const host = at(rule, "host");
    const origin = originOf(ingress, host, typeof host === "string" && isSecured(host));
    return listAt(rule, "http", "paths").flatMap((path) => url(origin, at(path, "path")));
  });
}

function routeUrls(route: KubeObject): string[] {
  const hosts = listAt(route, "spec", "hostnames");
  const rules = listAt(route, "spec", "rules");
  const paths = new Set(rules.length > 0 ? rules.flatMap(routePaths) : ["/"]);
  return (hosts.length > 0 ? hosts : [undefined]).flatMap((host) =>
    [...paths].flatMap((path) => url(originOf(route, host, false), path)),
  );
}

/** The paths that lead to a rule, without those that are patterns; a rule without matches is for every path, as is a route without rules. */
function routePaths(rule: unknown): unknown[] {
  const matches = listAt(rule, "matches");
  if (matches.length === 0) return ["/"];
  return matches
    .filter((match) => at(match, "path", "type") !== "RegularExpression")
    .map((match) => at(match, "path", "value") ?? "/");
}

/** `scheme://host[:port]`; undefined where there is neither a host nor an address. */
function originOf(manifest: KubeObject, host: unknown, isSecured: boolean): string | undefined {
  const stated = manifest.metadata.annotations?.[ADDRESS];
  const address = stated === undefined ? undefined : new URL(stated);
  if (typeof host !== "string") return address?.origin;
  if (address === undefined) return `${isSecured ? "https" : "http"}://${host}`;
  return `${address.protocol}//${host}${address.port === "" ? "" : `:${address.port}`}`;
}

function url(origin: string | undefined, path: unknown): string[] {
  return origin === undefined ? [] : [`${origin}${typeof path === "string" && path !== "/" ? path : ""}`];
}

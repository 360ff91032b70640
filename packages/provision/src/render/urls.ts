import type { KubeObject } from "@repl/kube";
import { at, listAt } from "../json.ts";

/** Where a repl's manifests make it answer, in the template's order; `https` for hosts that an Ingress has a certificate for. */
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
    if (typeof host !== "string") return [];
    return listAt(rule, "http", "paths").map((path) => url(isSecured(host) ? "https" : "http", host, at(path, "path")));
  });
}

function routeUrls(route: KubeObject): string[] {
  return listAt(route, "spec", "hostnames").map((host) => url("http", String(host), "/"));
}

function url(scheme: string, host: string, path: unknown): string {
  return `${scheme}://${host}${typeof path === "string" && path !== "/" ? path : ""}`;
}

import type { KubeObject } from "@repl/kube";

/** Where requests for one host and path go. */
export interface Route {
  readonly host: string;
  readonly path: string;
  readonly address: string;
  readonly port: number;
}

interface IngressSpec {
  readonly ingressClassName?: string;
  readonly rules?: readonly { readonly host?: string; readonly http?: { readonly paths: readonly IngressPath[] } }[];
}

interface IngressPath {
  readonly path?: string;
  readonly backend: { readonly service?: { readonly name: string; readonly port: { readonly number?: number } } };
}

/** The routes of the Ingresses of one class, the longest path first. One whose Service has no address is left out. */
export function routesOf(
  ingresses: readonly KubeObject[],
  services: readonly KubeObject[],
  className: string,
): Route[] {
  const addresses = new Map(services.map((service) => [keyOf(service), addressOf(service)]));
  const routes = ingresses.flatMap((ingress) => {
    const { ingressClassName, rules = [] } = ingress.spec as IngressSpec;
    if (ingressClassName !== className) return [];
    return rules.flatMap(({ host = "", http }) =>
      (http?.paths ?? []).flatMap(({ path = "/", backend }) => {
        const address = addresses.get(`${ingress.metadata.namespace}/${backend.service?.name}`);
        const port = backend.service?.port.number;
        return address === undefined || port === undefined ? [] : [{ host, path, address, port }];
      }),
    );
  });
  return routes.toSorted((left, right) => right.path.length - left.path.length);
}

/** The route for a request; its `Host` may name a port. */
export function findRoute(routes: readonly Route[], host: string, url: string): Route | undefined {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return routes.find((route) => (route.host === "" || route.host === name) && url.startsWith(route.path));
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function addressOf({ spec }: KubeObject): string | undefined {
  const address = (spec as { clusterIP?: string } | undefined)?.clusterIP;
  return address === "None" ? undefined : address;
}

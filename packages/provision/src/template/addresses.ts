import { at, listAt } from "../json.ts";
import { ADDRESS } from "../labels.ts";
import type { Path, TemplateDocument } from "./document.ts";
import type { Pattern } from "./patterns.ts";

/** One address that a route of the template claims. */
export interface Address {
  readonly document: TemplateDocument;
  /** Where it stands. */
  readonly place: Path;
  /** Undefined: every host. */
  readonly host: string | undefined;
  /** What the path is made of; undefined where it is a pattern of the controller's own. */
  readonly path: Pattern | undefined;
  /** Whether the path is claimed alone, without what lies below it. */
  readonly isExact: boolean;
}

/** What a template's Ingresses and HTTPRoutes claim; nothing for other kinds. */
export function addressesOf(document: TemplateDocument): Address[] {
  const { tree } = document;
  if (tree.kind === "Ingress") return ingressAddresses(document);
  return tree.kind === "HTTPRoute" ? routeAddresses(document) : [];
}

function ingressAddresses(document: TemplateDocument): Address[] {
  const { tree } = document;
  return listAt(tree, "spec", "rules").flatMap((rule, index) => {
    const place = ["spec", "rules", index];
    const host = hostOf(document, at(rule, "host"));
    const paths = listAt(rule, "http", "paths").map((path) => address(at(path, "path"), at(path, "pathType")));
    return (paths.length > 0 ? paths : [address("/", "Prefix")]).map((path) => ({ document, place, host, ...path }));
  });
}

function routeAddresses(document: TemplateDocument): Address[] {
  const { tree } = document;
  const rules = listAt(tree, "spec", "rules");
  const matches = rules.flatMap((rule) => {
    const found = listAt(rule, "matches");
    return found.length > 0 ? found : [{}];
  });
  const paths = matches.map((match) => address(at(match, "path", "value"), at(match, "path", "type")));
  const hosts = listAt(tree, "spec", "hostnames");
  return (hosts.length > 0 ? hosts : [undefined]).flatMap((name, index) => {
    const host = hostOf(document, name);
    return paths.map((path) => ({ document, place: ["spec", "hostnames", index], host, ...path }));
  });
}

/** What stands in `path` and `pathType`, or in their counterparts of the Gateway API. */
function address(path: unknown, type: unknown): Pick<Address, "path" | "isExact"> {
  const text = typeof path === "string" ? path : "/";
  return {
    path: type === "RegularExpression" ? undefined : text.split("/").filter(Boolean),
    isExact: type === "Exact",
  };
}

/** A rule without a host is reached at the address that the manifest states. */
function hostOf({ tree }: TemplateDocument, host: unknown): string | undefined {
  if (typeof host === "string") return host.toLowerCase();
  const stated = at(tree, "metadata", "annotations", ADDRESS);
  return typeof stated === "string" ? URL.parse(stated)?.hostname : undefined;
}

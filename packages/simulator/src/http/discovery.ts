import { apiVersionOf, type Kind } from "../kinds/kind.ts";
import type { Kinds } from "../kinds/table.ts";
import type { Answer } from "./exchange.ts";
import { openApiAt } from "./openapi.ts";

/** The version whose behaviour the simulator follows. */
const VERSION = {
  major: "1",
  minor: "35",
  gitVersion: "v1.35.4+simulator",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "none",
  compiler: "none",
  platform: "simulator/any",
};

const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const CATEGORY_ALL = ["pods", "services", "deployments", "replicasets", "statefulsets", "jobs"];

const resource = (kind: Kind): object => ({
  name: kind.plural,
  singularName: kind.kind.toLowerCase(),
  namespaced: kind.namespaced,
  kind: kind.kind,
  verbs: VERBS,
  ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
  ...(CATEGORY_ALL.includes(kind.plural) ? { categories: ["all"] } : {}),
});

const subresource = (kind: Kind, name: string, verbs: readonly string[]) => ({
  name: `${kind.plural}/${name}`,
  singularName: "",
  namespaced: kind.namespaced,
  kind: kind.kind,
  verbs,
});

const resourcesOf = (kind: Kind): readonly object[] => [
  resource(kind),
  ...(kind.status ? [subresource(kind, "status", ["get", "patch", "update"])] : []),
  ...(kind.plural === "pods" ? [subresource(kind, "log", ["get"])] : []),
];

const resourceList = (kinds: readonly Kind[], groupVersion: string) => ({
  kind: "APIResourceList",
  ...(groupVersion === "v1" ? {} : { apiVersion: "v1" }),
  groupVersion,
  resources: kinds.flatMap(resourcesOf),
});

function group(name: string, version: string) {
  const entry = { groupVersion: `${name}/${version}`, version };
  return { name, versions: [entry], preferredVersion: entry };
}

function groupsOf(kinds: Kinds) {
  const named = kinds.all.filter((kind) => kind.group !== "");
  return [...new Map(named.map((kind) => [kind.group, kind.version]))].map(([name, version]) => group(name, version));
}

const OPEN_PATHS = ["/livez", "/readyz", "/healthz", "/version"];

/** Health and version are open to everybody, as they are with RBAC's default roles. */
export const isOpenPath = (path: string): boolean =>
  OPEN_PATHS.some((open) => path === open || path.startsWith(`${open}/`));

function documentAt(kinds: Kinds, path: string): unknown {
  if (path === "/version") return VERSION;
  if (isOpenPath(path)) return "ok";
  if (path === "/api")
    return {
      kind: "APIVersions",
      versions: ["v1"],
      serverAddressByClientCIDRs: [],
    };
  if (path === "/apis")
    return {
      kind: "APIGroupList",
      apiVersion: "v1",
      groups: groupsOf(kinds),
    };
  const openApi = openApiAt(kinds, path);
  if (openApi !== undefined) return openApi;
  const version = path.replace(/^\/apis?\//, "");
  const known = kinds.all.filter((kind) => apiVersionOf(kind) === version);
  if (known.length > 0) return resourceList(known, version);
  const found = groupsOf(kinds).find(({ name }) => name === version);
  return found && { kind: "APIGroup", apiVersion: "v1", ...found };
}

/** What kube-apiserver answers where nothing is served. */
const PAGE_NOT_FOUND: Answer = { code: 404, body: "404 page not found\n" };

/** Answers everything that is no resource: discovery, health, version. */
export function handleDiscovery(kinds: Kinds, method: string, path: string): Answer {
  const trimmed = path === "/" ? path : path.replace(/\/$/, "");
  const document = method === "GET" || method === "HEAD" ? documentAt(kinds, trimmed) : undefined;
  return document === undefined ? PAGE_NOT_FOUND : { code: 200, body: document };
}

import { methodNotAllowed, noSuchResource } from "../errors/errors.ts";
import type { Kind } from "../kinds/kind.ts";
import type { Kinds } from "../kinds/table.ts";

/** The API's own verbs, as RBAC knows them. */
export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "deletecollection";

type Subresource = "status" | "log" | "scale";

/** What a resource request is about. An empty namespace means cluster scope or all namespaces; an empty name the collection. */
export interface Target {
  readonly verb: Verb;
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: Subresource | "";
}

interface Place {
  readonly group: string;
  readonly version: string;
  readonly rest: readonly string[];
}

function placeOf(segments: readonly string[]): Place | undefined {
  if (segments[0] === "api") return { group: "", version: segments[1] ?? "", rest: segments.slice(2) };
  if (segments[0] === "apis")
    return {
      group: segments[1] ?? "",
      version: segments[2] ?? "",
      rest: segments.slice(3),
    };
  return undefined;
}

function verbOf(method: string, name: string, watch: boolean): Verb {
  const collection = name === "";
  if (method === "GET" || method === "HEAD") {
    if (watch) return "watch";
    return collection ? "list" : "get";
  }
  if (method === "POST" && collection) return "create";
  if (method === "PUT" && !collection) return "update";
  if (method === "PATCH" && !collection) return "patch";
  if (method === "DELETE") return collection ? "deletecollection" : "delete";
  throw methodNotAllowed();
}

const READ_ONLY: ReadonlySet<Verb> = new Set(["get"]);
const STATUS_VERBS: ReadonlySet<Verb> = new Set(["get", "update", "patch"]);

function checkSubresource(kind: Kind, subresource: string, verb: Verb): Target["subresource"] {
  if (subresource === "") return "";
  const known = (subresource === "status" && kind.status) || (subresource === "log" && kind.plural === "pods");
  if (!known) throw noSuchResource();
  const allowed = subresource === "log" ? READ_ONLY : STATUS_VERBS;
  if (!allowed.has(verb)) throw methodNotAllowed();
  return subresource as Subresource;
}

/**
 * Reads method and path as a resource request; undefined when the path is none (unknown group, or not the API at all).
 * @throws ApiError 404 for an unknown resource in a known group, 405 for a method it has not.
 */
export function parseTarget(kinds: Kinds, method: string, path: string, watch: boolean): Target | undefined {
  const segments = path.split("/").filter((part) => part !== "");
  const place = placeOf(segments.map(decodeURIComponent));
  if (place === undefined || place.rest.length === 0) return undefined;
  const { group, version } = place;
  const known = kinds.all.some((kind) => kind.group === group && kind.version === version);
  if (!known) return undefined;
  const inside = place.rest[0] === "namespaces" && place.rest.length > 2;
  const direct = kinds.byPlural(group, version, place.rest[2] ?? "");
  const scoped = inside && direct?.namespaced === true;
  const [plural = "", name = "", subresource = "", ...more] = scoped ? place.rest.slice(2) : place.rest;
  const kind = kinds.byPlural(group, version, plural);
  if (kind === undefined || more.length > 0) throw noSuchResource();
  const verb = verbOf(method, name, watch && name === "");
  const namespace = scoped ? (place.rest[1] ?? "") : "";
  if (verb === "create" && kind.namespaced && namespace === "") throw methodNotAllowed();
  return {
    verb,
    kind,
    namespace,
    name,
    subresource: checkSubresource(kind, subresource, verb),
  };
}

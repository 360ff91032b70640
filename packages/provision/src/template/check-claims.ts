import { at } from "../json.ts";
import { PLACEHOLDER } from "../render/placeholder.ts";
import { type Address, addressesOf } from "./addresses.ts";
import type { TemplateDocument } from "./document.ts";
import { mayCoincide, type Pattern } from "./patterns.ts";
import type { TemplateProblem } from "./template-error.ts";

/**
 * Names and addresses that belong to one repl in one document and to another repl in another: with `service_name` and
 * `service_name-api` the repl `a-api` gets what the repl `a` has. Whoever comes first would keep the other from starting,
 * or answer in its place.
 */
export function checkClaims(documents: readonly TemplateDocument[]): TemplateProblem[] {
  return [...checkNames(documents), ...checkAddresses(documents.flatMap(addressesOf).filter(isOfOneRepl))];
}

function checkNames(documents: readonly TemplateDocument[]): TemplateProblem[] {
  const named = documents.flatMap((document) => {
    const name = at(document.tree, "metadata", "name");
    return typeof name === "string" && name.includes(PLACEHOLDER) ? [{ document, name, parts: name.split(".") }] : [];
  });
  return named.flatMap(({ document, name, parts }, index) => {
    const earlier = named
      .slice(0, index)
      .find((other) => other.document.tree.kind === document.tree.kind && mayCoincide(other.parts, parts));
    if (earlier === undefined) return [];
    const kind = String(document.tree.kind);
    const message = `the ${kind} ${name} of one repl can have the name of another's ${earlier.name}; ${ENDINGS}`;
    return [document.problem(["metadata", "name"], message)];
  });
}

const ENDINGS = "let each have a beginning or an end that the others lack";

/** What would be every repl's is refused by itself (check-routes.ts). */
function isOfOneRepl({ host = "", path = [] }: Address): boolean {
  return [host, ...path].some((part) => part.includes(PLACEHOLDER));
}

function checkAddresses(addresses: readonly Address[]): TemplateProblem[] {
  return addresses.flatMap((address, index) => {
    const earlier = addresses.slice(0, index).find((other) => collide(other, address));
    if (earlier === undefined) return [];
    const message = `${shown(address)} of one repl can be the address of another's ${shown(earlier)}; ${ENDINGS}`;
    return [address.document.problem(address.place, message)];
  });
}

/** A host that is a repl's own is so with all its paths; on a host that repls share, the paths count. */
function collide(left: Address, right: Address): boolean {
  const isOwn = (host: string | undefined) => host?.includes(PLACEHOLDER) === true;
  if (isOwn(left.host) || isOwn(right.host)) {
    if (left.host === undefined || right.host === undefined) return false;
    return mayCoincide(left.host.split("."), right.host.split("."));
  }
  if (left.host !== undefined && right.host !== undefined && left.host !== right.host) return false;
  return pathsCollide(left, right) || pathsCollide(right, left);
}

/** Whether one path can lie within the other one of another repl. */
function pathsCollide({ path: outer, isExact }: Address, { path: inner }: Address): boolean {
  if (outer === undefined || inner === undefined || outer.length > inner.length) return false;
  return (!isExact || outer.length === inner.length) && mayCoincide(outer, inner.slice(0, outer.length));
}

function shown({ host, path }: Address): string {
  return host?.includes(PLACEHOLDER) ? host : `${host ?? ""}${pathOf(path ?? [])}`;
}

const pathOf = (path: Pattern) => `/${path.join("/")}`;

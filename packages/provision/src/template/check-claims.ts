import { at, listAt } from "../json.ts";
import { PLACEHOLDER } from "../render/placeholder.ts";
import { type Address, addressesOf } from "./addresses.ts";
import type { Path, TemplateDocument } from "./document.ts";
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

/** A resource that comes of a document. */
interface Named {
  readonly document: TemplateDocument;
  /** Where its name stands. */
  readonly place: Path;
  readonly kind: string;
  readonly name: string;
  /** Whether there is one for each pod of a StatefulSet, the pod's number at the end of its name. */
  readonly isNumbered?: true;
}

function checkNames(documents: readonly TemplateDocument[]): TemplateProblem[] {
  const all = documents.flatMap((document) => [...namedBy(document), ...claimsOfSet(document)]);
  return all.flatMap((named, index) => {
    const earlier = all.slice(0, index).find((other) => mayHaveOneName(other, named));
    if (earlier === undefined) return [];
    const message = `the ${named.kind} ${beside(earlier, named)} of one repl can have the name of another's ${beside(named, earlier)}; ${ENDINGS}`;
    return [named.document.problem(named.place, message)];
  });
}

function namedBy(document: TemplateDocument): Named[] {
  const name = at(document.tree, "metadata", "name");
  if (typeof name !== "string" || !name.includes(PLACEHOLDER)) return [];
  return [{ document, place: ["metadata", "name"], kind: String(document.tree.kind), name }];
}

/** A set mounts whatever claim has the name, so another repl's files would be its own. */
function claimsOfSet(document: TemplateDocument): Named[] {
  const { tree } = document;
  const set = at(tree, "metadata", "name");
  if (tree.kind !== "StatefulSet" || typeof set !== "string" || !set.includes(PLACEHOLDER)) return [];
  return listAt(tree, "spec", "volumeClaimTemplates").map((claim, index) => ({
    document,
    place: ["spec", "volumeClaimTemplates", index, "metadata", "name"],
    kind: "PersistentVolumeClaim",
    name: `${String(at(claim, "metadata", "name"))}-${set}-0`,
    isNumbered: true,
  }));
}

function mayHaveOneName(one: Named, other: Named): boolean {
  if (one.kind !== other.kind) return false;
  return mayCoincide(beside(other, one).split("."), beside(one, other).split("."));
}

/** The name that counts beside another one: of several claims the one of the pod whose number the other name ends in. */
function beside(other: Named, { name, isNumbered }: Named): string {
  return isNumbered ? name.replace(/\d+$/, /-(\d+)$/.exec(other.name)?.[1] ?? "0") : name;
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

import type { FieldsV1 } from "../objects/object.ts";
import { isFields } from "../objects/object.ts";
import type { FieldType, Schema } from "../schema/schema.ts";

/**
 * A field is named by a path of elements joined by NUL: `f:spec`, `f:replicas`. Elements are written as the API server
 * writes them: `f:<name>`, `k:{"name":"c"}` for items of keyed lists, `v:"x"` for members of sets, `.` for the item itself.
 */
const SEPARATOR = "\0";
export const SELF = ".";

export const joinPath = (parent: string, element: string): string =>
  parent === "" ? element : `${parent}${SEPARATOR}${element}`;

export const splitPath = (path: string): readonly string[] => path.split(SEPARATOR);

/** `k:{"containerPort":80,"protocol":"TCP"}` with the keys in alphabetical order. */
export function itemElement(item: unknown, keys: readonly string[]): string | undefined {
  if (!isFields(item)) return undefined;
  const entries = keys
    .toSorted()
    .filter((key) => item[key] !== undefined || key === "protocol")
    .map((key) => [key, item[key] ?? "TCP"]);
  return entries.length === 0 ? undefined : `k:${JSON.stringify(Object.fromEntries(entries))}`;
}

interface Walk {
  readonly schema: Schema;
  readonly found: Set<string>;
}

function walkMembers(walk: Walk, members: readonly (readonly [string, FieldType, unknown])[], path: string): void {
  if (path !== "") walk.found.add(joinPath(path, SELF));
  for (const [element, type, value] of members) collect(walk, type, value, joinPath(path, element));
}

function collectStruct(walk: Walk, name: string, value: Record<string, unknown>, path: string): boolean {
  const struct = walk.schema.get(name);
  if (struct === undefined || struct.atomic) return false;
  const members = Object.entries(value).map(
    ([field, content]) => [`f:${field}`, struct.fields.get(field) ?? ANY, content] as const,
  );
  if (members.length === 0) return false;
  walkMembers(walk, members, path);
  return true;
}

const ANY: FieldType = { shape: "scalar", name: "any" };

function collectList(
  walk: Walk,
  type: FieldType & { shape: "list" },
  value: readonly unknown[],
  path: string,
): boolean {
  if (type.merge === "atomic" || value.length === 0) return false;
  const members = value.map(
    (item) =>
      [
        type.merge === "set"
          ? `v:${JSON.stringify(item)}`
          : (itemElement(item, type.keys) ?? `v:${JSON.stringify(item)}`),
        type.merge === "set" ? ANY : type.item,
        item,
      ] as const,
  );
  walkMembers(walk, members, path);
  return true;
}

/** Adds a value's fields; what cannot be split is one field. */
function collect(walk: Walk, type: FieldType, value: unknown, path: string): void {
  const split =
    (type.shape === "struct" && isFields(value) && collectStruct(walk, type.name, value, path)) ||
    (type.shape === "list" && Array.isArray(value) && collectList(walk, type, value, path)) ||
    (type.shape === "map" && collectMap(walk, type, value, path));
  if (!split) walk.found.add(path);
}

function collectMap(walk: Walk, type: FieldType & { shape: "map" }, value: unknown, path: string): boolean {
  if (type.atomic || !isFields(value) || Object.keys(value).length === 0) return false;
  const members = Object.entries(value).map(([key, content]) => [`f:${key}`, type.item, content] as const);
  walkMembers(walk, members, path);
  return true;
}

/** All fields a value of type `name` sets. */
export function fieldSetOf(schema: Schema, name: string, value: unknown): Set<string> {
  const walk: Walk = { schema, found: new Set() };
  collect(walk, { shape: "struct", name }, value, "");
  walk.found.delete("");
  return walk.found;
}

/** A field set as the tree that `managedFields` holds. */
export function toFieldsV1(fields: Iterable<string>): FieldsV1 {
  const tree: FieldsV1 = {};
  for (const path of [...fields].sort()) {
    let node = tree;
    for (const element of splitPath(path)) {
      node[element] ??= {};
      node = node[element];
    }
  }
  return tree;
}

/** The inverse of `toFieldsV1`. */
export function fromFieldsV1(tree: FieldsV1, path = ""): Set<string> {
  const found = new Set<string>();
  for (const [element, children] of Object.entries(tree)) {
    const at = joinPath(path, element);
    if (Object.keys(children).length === 0) found.add(at);
    for (const child of fromFieldsV1(children, at)) found.add(child);
  }
  return found;
}

/** `.spec.containers[name="c"].image`: a path as conflict messages write it. */
export const displayPath = (path: string): string =>
  splitPath(path)
    .filter((element) => element !== SELF)
    .map((element) => {
      const rest = element.slice(2);
      if (element.startsWith("f:")) return `.${rest}`;
      if (element.startsWith("v:")) return `[=${rest}]`;
      const keys = JSON.parse(rest) as Record<string, unknown>;
      return `[${Object.entries(keys)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(",")}]`;
    })
    .join("");

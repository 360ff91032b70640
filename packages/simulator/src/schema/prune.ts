import { isFields } from "../objects/object.ts";
import type { FieldType, Schema } from "./schema.ts";

/** An object cut down to the fields its type knows, and what was cut, as paths (`spec.containers[0].imagee`). */
export interface Pruned {
  readonly value: unknown;
  readonly unknown: readonly string[];
}

/** Thrown when a field holds the wrong JSON type; words as Go's JSON decoder would. */
export class TypeMismatch extends Error {}

const GO_NAMES: Readonly<Record<string, string>> = {
  string: "string",
  boolean: "bool",
  int32: "int32",
  int64: "int64",
};
const JSON_NAMES: Readonly<Record<string, string>> = {
  string: "string",
  boolean: "bool",
  number: "number",
};

const jsonName = (value: unknown): string => (Array.isArray(value) ? "array" : (JSON_NAMES[typeof value] ?? "object"));

function fits(name: string, value: unknown): boolean {
  if (name === "string") return typeof value === "string";
  if (name === "boolean") return typeof value === "boolean";
  if (name === "int32" || name === "int64") return Number.isInteger(value);
  if (name === "quantity" || name === "int-or-string") return typeof value === "string" || typeof value === "number";
  return true;
}

const join = (path: string, field: string): string => (path === "" ? field : `${path}.${field}`);

interface Pass {
  readonly schema: Schema;
  readonly unknown: string[];
  /** The struct whose field is being read. */
  readonly owner: string;
}

function mismatch(pass: Pass, path: string, value: unknown, go: string): never {
  throw new TypeMismatch(
    `json: cannot unmarshal ${jsonName(value)} into Go struct field ${pass.owner}.${path.replaceAll(/\[\d+\]/g, "")} of type ${go}`,
  );
}

function pruneStruct(pass: Pass, name: string, value: unknown, path: string): unknown {
  const struct = pass.schema.get(name);
  if (struct === undefined) return value;
  if (!isFields(value)) mismatch(pass, path, value, `v1.${name}`);
  const kept: Record<string, unknown> = {};
  for (const [field, content] of Object.entries(value)) {
    const type = struct.fields.get(field);
    const at = join(path, field);
    if (type === undefined) pass.unknown.push(at);
    else if (content !== null) kept[field] = prune({ ...pass, owner: name }, type, content, at);
  }
  return kept;
}

function prune(pass: Pass, type: FieldType, value: unknown, path: string): unknown {
  if (type.shape === "struct") return pruneStruct(pass, type.name, value, path);
  if (type.shape === "list") {
    if (!Array.isArray(value)) mismatch(pass, path, value, "[]");
    return value.map((item, index) => prune(pass, type.item, item, `${path}[${index}]`));
  }
  if (type.shape === "map") {
    if (!isFields(value)) mismatch(pass, path, value, "map[string]");
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, prune(pass, type.item, item, join(path, key))]),
    );
  }
  if (!fits(type.name, value)) mismatch(pass, path, value, GO_NAMES[type.name] ?? type.name);
  return value;
}

/**
 * Cuts what the type `name` does not know; `null` counts as absent, as for Go's decoder. A name outside the schema keeps all.
 * @throws TypeMismatch when a known field holds the wrong JSON type.
 */
export function pruneTo(schema: Schema, name: string, value: unknown): Pruned {
  const unknown: string[] = [];
  const pass: Pass = { schema, unknown, owner: name };
  return { value: pruneStruct(pass, name, value, ""), unknown };
}

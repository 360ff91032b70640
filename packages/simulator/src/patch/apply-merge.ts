import { isFields } from "../objects/object.ts";
import type { FieldType, Schema } from "../schema/schema.ts";
import { itemElement, joinPath, SELF } from "./paths.ts";

/** Lays an applied configuration over a live object as the schema says: structs and keyed lists merge, atomic ones are replaced. */
export function applyMerge(schema: Schema, type: FieldType, live: unknown, applied: unknown): unknown {
  if (type.shape === "list" && Array.isArray(applied)) return mergeList(schema, type, live, applied);
  if (!isFields(applied) || !isFields(live)) return applied;
  if (type.shape === "map" && !type.atomic) return mergeFields(schema, live, applied, () => type.item);
  const struct = type.shape === "struct" ? schema.get(type.name) : undefined;
  if (struct === undefined || struct.atomic) return applied;
  return mergeFields(schema, live, applied, (field) => struct.fields.get(field));
}

const ANY: FieldType = { shape: "scalar", name: "any" };

function mergeFields(
  schema: Schema,
  live: Record<string, unknown>,
  applied: Record<string, unknown>,
  typeOf: (field: string) => FieldType | undefined,
): Record<string, unknown> {
  const result = { ...live };
  for (const [field, value] of Object.entries(applied))
    result[field] = applyMerge(schema, typeOf(field) ?? ANY, live[field], value);
  return result;
}

const elementOf = (type: FieldType & { shape: "list" }, item: unknown): string =>
  type.merge === "set" ? `v:${JSON.stringify(item)}` : (itemElement(item, type.keys) ?? `v:${JSON.stringify(item)}`);

function mergeList(
  schema: Schema,
  type: FieldType & { shape: "list" },
  live: unknown,
  applied: readonly unknown[],
): readonly unknown[] {
  if (type.merge === "atomic" || !Array.isArray(live)) return applied;
  const result: unknown[] = [...live];
  for (const item of applied) {
    const index = result.findIndex((old) => elementOf(type, old) === elementOf(type, item));
    if (index === -1) result.push(item);
    else result[index] = applyMerge(schema, type.item, result[index], item);
  }
  return result;
}

/** Takes fields out of a value: whole list items by their `.` element, and containers that lose their last owned field. */
export function withoutPaths(
  schema: Schema,
  type: FieldType,
  value: unknown,
  gone: ReadonlySet<string>,
  path = "",
): unknown {
  if (type.shape === "list" && Array.isArray(value) && type.merge !== "atomic")
    return value
      .filter((item) => {
        const at = joinPath(path, elementOf(type, item));
        return !gone.has(at) && !gone.has(joinPath(at, SELF));
      })
      .map((item) => withoutPaths(schema, type.item, item, gone, joinPath(path, elementOf(type, item))));
  if (!isFields(value)) return value;
  const struct = type.shape === "struct" ? schema.get(type.name) : undefined;
  const typeOf = (field: string): FieldType => (type.shape === "map" ? type.item : struct?.fields.get(field)) ?? ANY;
  const kept = Object.entries(value)
    .filter(([field]) => !gone.has(joinPath(path, `f:${field}`)))
    .map(([field, content]) => [
      field,
      withoutPaths(schema, typeOf(field), content, gone, joinPath(path, `f:${field}`)),
    ]);
  return Object.fromEntries(kept);
}

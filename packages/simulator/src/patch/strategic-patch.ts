import { type Fields, isFields } from "../objects/object.ts";
import type { FieldType, Schema } from "../schema/schema.ts";

/** The merge key of a keyed list is the first of its keys, which is what the OpenAPI documents give for every list used here. */
const mergeKey = (type: FieldType): string | undefined =>
  type.shape === "list" && type.merge === "map" ? type.keys[0] : undefined;

function mergeList(
  schema: Schema,
  type: FieldType & { shape: "list" },
  key: string,
  target: readonly unknown[],
  patch: readonly unknown[],
): readonly unknown[] {
  const result = [...target];
  for (const item of patch) {
    const index = result.findIndex((old) => isFields(old) && isFields(item) && old[key] === item[key]);
    const removes = isFields(item) && item["$patch"] === "delete";
    if (removes && index >= 0) result.splice(index, 1);
    else if (!removes && index >= 0) result[index] = merge(schema, type.item, result[index], item);
    else if (!removes) result.push(item);
  }
  return result;
}

function mergeFields(
  target: unknown,
  patch: Fields,
  typeOf: (field: string) => FieldType | undefined,
  schema: Schema,
): Fields {
  if (patch["$patch"] === "replace") {
    const { $patch: _, ...whole } = patch;
    return whole;
  }
  const result: Fields = isFields(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith("$")) continue;
    if (value === null) delete result[field];
    else result[field] = merge(schema, typeOf(field), result[field], value);
  }
  return result;
}

function merge(schema: Schema, type: FieldType | undefined, target: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) {
    const key = type && mergeKey(type);
    if (type?.shape !== "list" || key === undefined) {
      const isSet = type?.shape === "list" && type.merge === "set";
      return isSet && Array.isArray(target) ? [...new Set([...target, ...patch])] : patch;
    }
    const list = Array.isArray(target) ? target : [];
    return mergeList(schema, type, key, list, patch);
  }
  if (!isFields(patch)) return patch;
  if (type?.shape === "map") return mergeFields(target, patch, () => type.item, schema);
  const struct = type?.shape === "struct" ? schema.get(type.name) : undefined;
  return mergeFields(target, patch, (field) => struct?.fields.get(field), schema);
}

/** Strategic merge: like a merge patch, but keyed lists (containers, conditions) merge item by item. `$patch` delete and replace are known; `$setElementOrder` and `$retainKeys` are passed over. */
export const strategicPatch = (schema: Schema, typeName: string, target: unknown, patch: unknown): unknown =>
  merge(schema, { shape: "struct", name: typeName }, target, patch);

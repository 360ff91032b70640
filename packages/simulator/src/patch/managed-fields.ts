import { isDeepStrictEqual } from "node:util";
import type { Cluster, WriteOptions } from "../api/cluster.ts";
import { apiVersionOf, type Kind } from "../kinds/kind.ts";
import { type KubeObject, type ManagedFields, timestamp } from "../objects/object.ts";
import type { Schema } from "../schema/schema.ts";
import { fieldSetOf, fromFieldsV1, SELF, splitPath, toFieldsV1 } from "./paths.ts";

/** Identity and bookkeeping belong to the server and to no manager. */
const SERVER_FIELDS = new Set([
  "f:name",
  "f:generateName",
  "f:namespace",
  "f:uid",
  "f:resourceVersion",
  "f:generation",
  "f:creationTimestamp",
  "f:deletionTimestamp",
  "f:deletionGracePeriodSeconds",
  "f:managedFields",
]);

function isOwnable(path: string): boolean {
  const [first, second] = splitPath(path);
  if (first === "f:apiVersion" || first === "f:kind") return false;
  if (first !== "f:metadata") return second !== SELF || first !== "f:spec";
  return second !== SELF && !SERVER_FIELDS.has(second ?? "");
}

/** The fields of an object that a manager can own. */
export function ownedFields(schema: Schema, kind: Kind, object: KubeObject): Set<string> {
  const all = fieldSetOf(schema, kind.typed ? kind.kind : "Untyped", object);
  return new Set([...all].filter(isOwnable));
}

/** Reads the value at every leaf, to tell changed fields from kept ones. */
function changedFields(schema: Schema, kind: Kind, next: KubeObject, current: KubeObject | undefined): Set<string> {
  const after = ownedFields(schema, kind, next);
  if (current === undefined) return after;
  const before = ownedFields(schema, kind, current);
  return new Set(
    [...after].filter((path) => !before.has(path) || !isDeepStrictEqual(valueAt(next, path), valueAt(current, path))),
  );
}

function childOf(value: unknown, element: string): unknown {
  if (element === SELF) return true;
  const rest = element.slice(2);
  if (element.startsWith("f:")) return (value as Record<string, unknown> | undefined)?.[rest];
  if (!Array.isArray(value)) return undefined;
  const wanted = JSON.parse(rest) as unknown;
  if (element.startsWith("v:")) return value.find((item) => isDeepStrictEqual(item, wanted));
  return value.find((item) =>
    Object.entries(wanted as Record<string, unknown>).every(
      ([key, part]) => ((item as Record<string, unknown>)[key] ?? "TCP") === part,
    ),
  );
}

/** The value a path leads to; undefined when it leads nowhere. */
export const valueAt = (object: unknown, path: string): unknown => splitPath(path).reduce(childOf, object);

/** Takes fields away from one entry; undefined when nothing is left. */
export function withoutFields(entry: ManagedFields, taken: (path: string) => boolean): ManagedFields | undefined {
  const all = fromFieldsV1(entry.fieldsV1);
  const kept = [...all].filter((path) => !taken(path));
  if (kept.length === all.size) return entry;
  return kept.length === 0 ? undefined : { ...entry, fieldsV1: toFieldsV1(kept) };
}

const isPresent = <T>(value: T | undefined): value is T => value !== undefined;

/** Adds fields to a manager's Update entry, making one where there is none. */
function addTo(
  entries: readonly ManagedFields[],
  own: Omit<ManagedFields, "fieldsV1" | "time">,
  fields: ReadonlySet<string>,
): readonly ManagedFields[] {
  const isOwn = (entry: ManagedFields): boolean =>
    entry.manager === own.manager && entry.operation === own.operation && entry.subresource === own.subresource;
  const before = entries.find(isOwn);
  const all = new Set([...(before === undefined ? [] : fromFieldsV1(before.fieldsV1)), ...fields]);
  const entry = { ...own, time: timestamp(), fieldsV1: toFieldsV1(all) };
  return [...entries.filter((other) => !isOwn(other)), entry];
}

/** Records in managedFields which fields a plain write (POST, PUT, PATCH) set; without a manager nothing is recorded. */
export function recordUpdate(
  { schema, managedFields: isRecorded }: Pick<Cluster, "schema" | "managedFields">,
  kind: Kind,
  next: KubeObject,
  current: KubeObject | undefined,
  options: WriteOptions,
): KubeObject {
  if (options.manager === undefined || !isRecorded) return next;
  const changed = changedFields(schema, kind, next, current);
  const present = ownedFields(schema, kind, next);
  const others = (next.metadata.managedFields ?? [])
    .map((entry) => withoutFields(entry, (path) => changed.has(path) || !present.has(path)))
    .filter(isPresent);
  const managedFields =
    changed.size === 0
      ? others
      : addTo(
          others,
          {
            manager: options.manager,
            operation: "Update",
            apiVersion: apiVersionOf(kind),
            fieldsType: "FieldsV1",
            ...(options.subresource === undefined ? {} : { subresource: options.subresource }),
          },
          changed,
        );
  return {
    ...next,
    metadata: {
      ...next.metadata,
      ...(managedFields.length > 0 ? { managedFields } : {}),
    },
  };
}

import { isDeepStrictEqual } from "node:util";
import { ApiError, type Cause } from "../errors/api-error.ts";
import { apiVersionOf, type Kind } from "../kinds/kind.ts";
import { type KubeObject, type ManagedFields, timestamp } from "../objects/object.ts";
import type { FieldType, Schema } from "../schema/schema.ts";
import { applyMerge, withoutPaths } from "./apply-merge.ts";
import { ownedFields, valueAt, withoutFields } from "./managed-fields.ts";
import { displayPath, fromFieldsV1, SELF, splitPath, toFieldsV1 } from "./paths.ts";

/** Who applies, and whether it takes fields that others own. */
export interface ApplyOptions {
  readonly manager: string;
  readonly force: boolean;
  readonly subresource?: "status";
}

interface Conflict {
  readonly manager: string;
  readonly path: string;
}

const isOwn = (entry: ManagedFields, options: ApplyOptions): boolean =>
  entry.manager === options.manager && entry.operation === "Apply" && entry.subresource === options.subresource;

/** `conflict with "m1"`, or with the version where the other one writes by plain updates. */
const describe = (entry: ManagedFields): string =>
  entry.operation === "Apply"
    ? JSON.stringify(entry.manager)
    : `${JSON.stringify(entry.manager)} using ${entry.apiVersion}`;

function conflictsWith(
  entries: readonly ManagedFields[],
  wanted: ReadonlySet<string>,
  live: KubeObject,
  applied: KubeObject,
): readonly Conflict[] {
  return entries.flatMap((entry) =>
    [...fromFieldsV1(entry.fieldsV1)]
      .filter(
        (path) =>
          wanted.has(path) &&
          splitPath(path).at(-1) !== SELF &&
          !isDeepStrictEqual(valueAt(live, path), valueAt(applied, path)),
      )
      .map((path) => ({ manager: describe(entry), path })),
  );
}

function refuse(conflicts: readonly Conflict[]): never {
  const causes = conflicts.map(
    ({ manager, path }): Cause => ({
      reason: "FieldManagerConflict",
      message: `conflict with ${manager}`,
      field: displayPath(path),
    }),
  );
  const count = `${causes.length} conflict${causes.length === 1 ? "" : "s"}`;
  const managers = [...new Set(causes.map(({ message }) => message))];
  const text =
    causes.length === 1
      ? `${managers[0]}: ${causes[0]?.field}`
      : managers
          .map((message) => {
            const fields = causes.filter((cause) => cause.message === message);
            return `${message.replace("conflict", "conflicts")}:\n${fields.map(({ field }) => `- ${field}`).join("\n")}`;
          })
          .join("\n");
  throw new ApiError(409, "Conflict", `Apply failed with ${count}: ${text}`, {
    causes,
  });
}

const isPresent = <T>(value: T | undefined): value is T => value !== undefined;

/**
 * Server-side apply on an existing object: fields this manager set before and now leaves out go (unless others own them too), fields of
 * others stay, and a field that another manager set otherwise is a conflict unless forced.
 * @throws ApiError 409 with one cause for each field in conflict.
 */
export function applyTo(
  schema: Schema,
  kind: Kind,
  live: KubeObject,
  applied: KubeObject,
  options: ApplyOptions,
): KubeObject {
  const entries = live.metadata.managedFields ?? [];
  const others = entries.filter((entry) => !isOwn(entry, options));
  const wanted = ownedFields(schema, kind, applied);
  const conflicts = conflictsWith(others, wanted, live, applied);
  if (conflicts.length > 0 && !options.force) refuse(conflicts);
  const taken = new Set(conflicts.map(({ path }) => path));
  const rest = others.map((entry) => withoutFields(entry, (path) => taken.has(path))).filter(isPresent);
  const before = entries.find((entry) => isOwn(entry, options));
  const gone = abandoned(before, wanted, rest);
  const type: FieldType = { shape: "struct", name: kind.kind };
  const { resourceVersion: _, uid: __, ...metadata } = live.metadata;
  const base = withoutPaths(schema, type, { ...live, metadata }, gone);
  const merged = applyMerge(schema, type, base, applied) as KubeObject;
  const own = ownEntry(kind, options, wanted, before);
  return {
    ...merged,
    metadata: { ...merged.metadata, managedFields: [own, ...rest] },
  };
}

/** What this manager owned and now leaves out, without what others own as well. */
function abandoned(
  before: ManagedFields | undefined,
  wanted: ReadonlySet<string>,
  others: readonly ManagedFields[],
): ReadonlySet<string> {
  if (before === undefined) return new Set();
  const kept = new Set(others.flatMap(({ fieldsV1 }) => [...fromFieldsV1(fieldsV1)]));
  return new Set([...fromFieldsV1(before.fieldsV1)].filter((path) => !wanted.has(path) && !kept.has(path)));
}

function ownEntry(
  kind: Kind,
  options: ApplyOptions,
  wanted: ReadonlySet<string>,
  before: ManagedFields | undefined,
): ManagedFields {
  const fieldsV1 = toFieldsV1([...wanted].filter((path) => !isMapSelf(path)));
  if (before !== undefined && isDeepStrictEqual(before.fieldsV1, fieldsV1)) return before;
  return {
    manager: options.manager,
    operation: "Apply",
    apiVersion: apiVersionOf(kind),
    time: timestamp(),
    fieldsType: "FieldsV1",
    fieldsV1,
    ...(options.subresource === undefined ? {} : { subresource: options.subresource }),
  };
}

/** An applied map or struct is owned by its fields; only list items are owned as such. */
function isMapSelf(path: string): boolean {
  const parts = splitPath(path);
  return parts.at(-1) === SELF && !(parts.at(-2) ?? "").startsWith("k:");
}

/** The managedFields of an object that an apply creates. */
export function appliedFields(
  schema: Schema,
  kind: Kind,
  applied: KubeObject,
  options: ApplyOptions,
): readonly ManagedFields[] {
  const wanted = ownedFields(schema, kind, applied);
  return [ownEntry(kind, options, wanted, undefined)];
}

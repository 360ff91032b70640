import type { Cause } from "../errors/api-error.ts";
import type { Fields, KubeObject } from "../objects/object.ts";
import type { Column } from "./column.ts";

/** How `metadata.name` must look. */
export type NameRule = "subdomain" | "label" | "label-1035" | "any";

/**
 * One row of the table of kinds: everything that differs between kinds, and nothing else.
 * `fillDefaults` gets a private copy and fills it in place. `validate` and `validateUpdate` answer with what is wrong.
 */
export interface Kind {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** The part that counts for `metadata.generation`; kinds without it have no generation. */
  readonly generation: boolean;
  /** Has the `status` subresource. */
  readonly status: boolean;
  /** A status given at creation stays; elsewhere it is dropped. */
  readonly statusOnCreate: boolean;
  /** Has the type in the schema; otherwise all fields are kept. */
  readonly typed: boolean;
  readonly nameRule: NameRule;
  /** DELETE answers with the object itself and not with a Status. */
  readonly returnsDeleted: boolean;
  /** What a DELETE without propagationPolicy does with dependents. */
  readonly propagation: "Background" | "Orphan";
  /** `fieldSelector` terms beyond metadata.name and metadata.namespace, as paths. */
  readonly selectableFields: readonly string[];
  readonly columns: readonly Column[];
  fillDefaults(draft: KubeObject): void;
  validate(object: KubeObject): readonly Cause[];
  validateUpdate(next: KubeObject, current: KubeObject): readonly Cause[];
}

/** What a row must say; the rest has the common value. */
export type KindRow = Pick<Kind, "group" | "version" | "plural" | "kind"> & Partial<Kind>;

export const apiVersionOf = (kind: Kind): string =>
  kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;

/** Completes a row with the common values. */
export const defineKind = (row: KindRow): Kind => ({
  shortNames: [],
  namespaced: true,
  generation: false,
  status: false,
  statusOnCreate: false,
  typed: true,
  nameRule: "subdomain",
  returnsDeleted: false,
  propagation: "Background",
  selectableFields: [],
  columns: [],
  fillDefaults: () => undefined,
  validate: () => [],
  validateUpdate: () => [],
  ...row,
});

/** Sets `target[field]` where it is missing. */
export function orDefault(target: Fields, field: string, value: unknown): void {
  if (target[field] === undefined) target[field] = value;
}

/** The object under `field`, created when missing. */
export function ensureFields(target: Fields, field: string): Fields {
  orDefault(target, field, {});
  return target[field] as Fields;
}

import { resourceName } from "../errors/errors.ts";
import type { Kind } from "../kinds/kind.ts";
import type { Kinds } from "../kinds/table.ts";
import type { KubeObject, ManagedFields, ObjectKey } from "../objects/object.ts";
import type { Schema } from "../schema/schema.ts";
import type { Store } from "../storage/store.ts";
import type { AddressPool } from "./addresses.ts";

/** Refuses an object at creation by throwing an ApiError, or fills in what it leaves open; sees it right before it is stored. */
export type Admission = (kind: Kind, object: KubeObject) => void;

/** What every operation on objects needs. */
export interface Cluster {
  readonly store: Store;
  readonly kinds: Kinds;
  readonly schema: Schema;
  readonly addresses: AddressPool;
  readonly admissions: readonly Admission[];
  /** Whether plain writes are recorded in `managedFields`. */
  readonly managedFields: boolean;
}

/** How a write is to be done. `manager` undefined leaves managedFields alone, as the simulator's own controllers do. */
export interface WriteOptions {
  readonly dryRun?: boolean;
  readonly manager?: string;
  /** Who owns the fields of an object that is being created by an apply; instead of `manager`. */
  readonly managedFields?: readonly ManagedFields[];
  /** `binding` gives a pod to a node: spec and status in one write, and no new generation. */
  readonly subresource?: "status" | "binding";
}

export const read = (cluster: Cluster, kind: Kind, key: ObjectKey): KubeObject | undefined =>
  cluster.store.get(resourceName(kind), key);

export const readAll = (cluster: Cluster, kind: Kind, namespace = ""): readonly KubeObject[] =>
  cluster.store.list(resourceName(kind), namespace);

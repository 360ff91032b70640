import type { Cluster } from "../api/cluster.ts";
import type { Failures } from "../control/failures.ts";
import { resourceName } from "../errors/errors.ts";
import type { Kind } from "../kinds/kind.ts";
import type { KubeObject, ObjectKey } from "../objects/object.ts";
import type { Change } from "../storage/journal.ts";
import type { Delays } from "./delays.ts";
import type { EventRecorder } from "./events.ts";
import type { Runtime } from "./runtime.ts";

/** What every controller gets. */
export interface ControllerContext {
  readonly cluster: Cluster;
  readonly runtime: Runtime;
  readonly events: EventRecorder;
  readonly failures: Failures;
  readonly delays: Delays;
}

/** Starts a controller: it subscribes to what it needs and lives until the runtime stops. */
export type Controller = (context: ControllerContext) => void;

/** Calls back for each later change of a kind. */
export const onChange = ({ cluster }: ControllerContext, kind: Kind, listener: (change: Change) => void): void => {
  cluster.store.subscribe(resourceName(kind), listener);
};

/** Queue keys are `namespace/name`. */
export const flatKey = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ""}/${metadata.name}`;

export function unflat(key: string): ObjectKey {
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

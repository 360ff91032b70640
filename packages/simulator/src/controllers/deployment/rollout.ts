import type { PodTemplate } from "../../kinds/pod-types.ts";
import type { KubeObject } from "../../objects/object.ts";
import type { ReplicaSetSpec, ReplicaSetStatus } from "../replica-set.ts";

/** The parts of a Deployment the controller works with; all are set by the defaults. */
export interface DeploymentSpec {
  readonly replicas: number;
  readonly paused?: boolean;
  readonly minReadySeconds?: number;
  readonly revisionHistoryLimit: number;
  readonly progressDeadlineSeconds: number;
  readonly selector: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly template: PodTemplate;
  readonly strategy: {
    readonly type: "Recreate" | "RollingUpdate";
    readonly rollingUpdate?: {
      readonly maxSurge: number | string;
      readonly maxUnavailable: number | string;
    };
  };
}

export const specOf = (deployment: KubeObject): DeploymentSpec => deployment.spec as DeploymentSpec;

export const wantedOf = (set: KubeObject): number => (set.spec as ReplicaSetSpec).replicas;

export const setStatus = (set: KubeObject): ReplicaSetStatus => (set.status ?? {}) as ReplicaSetStatus;

const portion = (value: number | string, total: number, round: (amount: number) => number): number =>
  typeof value === "number" ? value : round((Number.parseFloat(value) / 100) * total);

/** How many pods may be above and below the wanted number: surge rounds up, unavailable down, never both zero. */
export function limits(spec: DeploymentSpec): {
  readonly surge: number;
  readonly unavailable: number;
} {
  const rolling = spec.strategy.rollingUpdate;
  if (spec.strategy.type === "Recreate" || rolling === undefined) return { surge: 0, unavailable: spec.replicas };
  const surge = portion(rolling.maxSurge, spec.replicas, Math.ceil);
  const unavailable = portion(rolling.maxUnavailable, spec.replicas, Math.floor);
  return { surge, unavailable: surge + unavailable === 0 ? 1 : unavailable };
}

const sum = (sets: readonly KubeObject[], of: (set: KubeObject) => number): number =>
  sets.reduce((total, set) => total + of(set), 0);

/** The size each ReplicaSet shall have now, by name. */
export type Sizes = ReadonlyMap<string, number>;

function recreate(spec: DeploymentSpec, current: KubeObject, old: readonly KubeObject[]): Sizes {
  const gone = sum(old, (set) => setStatus(set).replicas ?? 0) === 0;
  return new Map([
    ...old.map((set) => [set.metadata.name, 0] as const),
    [current.metadata.name, gone ? spec.replicas : wantedOf(current)],
  ]);
}

/** Takes away from old sets what the new one has replaced: unhealthy pods first, then what availability allows. */
function shrinkOld(
  spec: DeploymentSpec,
  current: KubeObject,
  old: readonly KubeObject[],
): readonly (readonly [string, number])[] {
  const { unavailable } = limits(spec);
  const all = [current, ...old];
  const availableOf = (set: KubeObject): number => setStatus(set).availableReplicas ?? 0;
  const unready = wantedOf(current) - availableOf(current);
  const floor = spec.replicas - unavailable;
  let room = Math.max(0, sum(all, wantedOf) - floor - unready);
  return old.map((set) => {
    const sick = Math.min(room, wantedOf(set) - availableOf(set));
    const healthy = Math.min(room - sick, wantedOf(set) - sick, Math.max(0, sum(all, availableOf) - floor));
    room -= sick + healthy;
    return [set.metadata.name, wantedOf(set) - sick - healthy] as const;
  });
}

/** One step of a rollout, after k8s.io/kubernetes pkg/controller/deployment/rolling.go. */
export function nextSizes(spec: DeploymentSpec, current: KubeObject, old: readonly KubeObject[]): Sizes {
  if (spec.strategy.type === "Recreate") return recreate(spec, current, old);
  const total = sum([current, ...old], wantedOf);
  const room = Math.max(0, spec.replicas + limits(spec).surge - total);
  const size = wantedOf(current);
  const grown = size > spec.replicas ? spec.replicas : Math.min(spec.replicas, size + room);
  if (grown !== size) return new Map([[current.metadata.name, grown]]);
  return new Map(shrinkOld(spec, current, old));
}

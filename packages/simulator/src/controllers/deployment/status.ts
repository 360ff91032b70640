import { type Condition, condition, withCondition, withoutCondition } from "../../objects/conditions.ts";
import { type KubeObject, timestamp } from "../../objects/object.ts";
import { limits, setStatus, specOf, wantedOf } from "./rollout.ts";

/** `status` of a Deployment; zero counts are left out, as the API server leaves them out. */
export interface DeploymentStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly conditions?: readonly Condition[];
}

/** A Deployment with its ReplicaSets: the one of the present template, and the others. */
export interface Rollout {
  readonly deployment: KubeObject;
  readonly current: KubeObject | undefined;
  readonly old: readonly KubeObject[];
  readonly terminating: number;
}

const statusOf = (deployment: KubeObject): DeploymentStatus => (deployment.status ?? {}) as DeploymentStatus;

const sum = (sets: readonly KubeObject[], of: (set: KubeObject) => number | undefined): number =>
  sets.reduce((total, set) => total + (of(set) ?? 0), 0);

function counts({ deployment, current, old, terminating }: Rollout) {
  const all = current === undefined ? old : [current, ...old];
  const available = sum(all, (set) => setStatus(set).availableReplicas);
  const figures = {
    replicas: sum(all, (set) => setStatus(set).replicas),
    updatedReplicas: current ? (setStatus(current).replicas ?? 0) : 0,
    readyReplicas: sum(all, (set) => setStatus(set).readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(all, wantedOf) - available),
  };
  const shown = Object.entries(figures).filter(([, value]) => value > 0);
  return {
    observedGeneration: deployment.metadata.generation ?? 1,
    ...(Object.fromEntries(shown) as Partial<typeof figures>),
    terminatingReplicas: terminating,
  };
}

type Counts = ReturnType<typeof counts>;

const stamped = (entry: Condition): Condition => ({
  ...entry,
  lastUpdateTime: timestamp(),
});

/** Puts a condition in; `lastUpdateTime` moves only when it says something new. */
const put = (list: readonly Condition[], entry: Condition) => withCondition(list, stamped(entry));

function availability(deployment: KubeObject, now: Counts): Condition {
  const spec = specOf(deployment);
  const enough = (now.availableReplicas ?? 0) >= spec.replicas - limits(spec).unavailable;
  return enough
    ? {
        type: "Available",
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability.",
      }
    : {
        type: "Available",
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
      };
}

function isComplete({ deployment }: Rollout, now: Counts): boolean {
  const wanted = specOf(deployment).replicas;
  return (
    (now.updatedReplicas ?? 0) === wanted && (now.replicas ?? 0) === wanted && (now.availableReplicas ?? 0) === wanted
  );
}

function hasProgressed(before: DeploymentStatus, now: Counts): boolean {
  const grew = (field: keyof Counts & keyof DeploymentStatus): boolean =>
    Number(now[field] ?? 0) > Number(before[field] ?? 0);
  const oldBefore = (before.replicas ?? 0) - (before.updatedReplicas ?? 0);
  const oldNow = (now.replicas ?? 0) - (now.updatedReplicas ?? 0);
  return grew("updatedReplicas") || grew("readyReplicas") || grew("availableReplicas") || oldNow < oldBefore;
}

/** Milliseconds left of the progress deadline, counted from the last progress. */
export function deadlineLeftMs(deployment: KubeObject): number | undefined {
  const last = condition(statusOf(deployment).conditions, "Progressing");
  if (last === undefined || last.reason === "NewReplicaSetAvailable") return undefined;
  if (last.reason === "ProgressDeadlineExceeded") return undefined;
  const since = Date.parse(last.lastUpdateTime ?? timestamp());
  const { progressDeadlineSeconds } = specOf(deployment);
  return since + progressDeadlineSeconds * 1000 - Date.now();
}

function progress(rollout: Rollout, now: Counts): Condition | undefined {
  const { deployment, current } = rollout;
  const name = current?.metadata.name ?? "";
  const before = statusOf(deployment);
  const last = condition(before.conditions, "Progressing");
  const as = (status: Condition["status"], reason: string, message: string) =>
    ({ type: "Progressing", status, reason, message }) as const;
  const isNew = before.observedGeneration !== deployment.metadata.generation || last === undefined;
  if (specOf(deployment).paused) return as("Unknown", "DeploymentPaused", "Deployment is paused");
  if (isComplete(rollout, now))
    return as("True", "NewReplicaSetAvailable", `ReplicaSet "${name}" has successfully progressed.`);
  if (last?.reason === "NewReplicaSetAvailable" && !isNew) return undefined;
  if (isNew || hasProgressed(before, now))
    return as("True", "ReplicaSetUpdated", `ReplicaSet "${name}" is progressing.`);
  const left = deadlineLeftMs(deployment);
  return left !== undefined && left <= 0
    ? as("False", "ProgressDeadlineExceeded", `ReplicaSet "${name}" has timed out progressing.`)
    : undefined;
}

function withFailure(list: readonly Condition[], current: KubeObject | undefined): readonly Condition[] {
  const failure = current && condition(setStatus(current).conditions, "ReplicaFailure");
  if (failure === undefined) return withoutCondition(list, "ReplicaFailure");
  const { lastTransitionTime: _, ...entry } = failure;
  return put(list, entry);
}

/** A progress that repeats the same words still moves `lastUpdateTime`: the deadline counts from it. */
function withProgress(list: readonly Condition[], entry: Condition | undefined): readonly Condition[] {
  if (entry === undefined) return list;
  const next = put(list, entry);
  if (next !== list || entry.reason !== "ReplicaSetUpdated") return next;
  return list.map((old) => (old.type === entry.type ? { ...old, lastUpdateTime: timestamp() } : old));
}

/** The status as it follows from the ReplicaSets, with the reasons and words of the real controller. */
export function nextStatus(rollout: Rollout): DeploymentStatus {
  const now = counts(rollout);
  const before = statusOf(rollout.deployment).conditions ?? [];
  const conditions = withFailure(
    withProgress(put(before, availability(rollout.deployment, now)), progress(rollout, now)),
    rollout.current,
  );
  return { ...now, conditions };
}

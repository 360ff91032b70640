import { type KubeObject, shortened } from "@repl/kube";
import { at, listAt } from "../json.ts";
import { LABELS } from "../labels.ts";

/** What the shared watch keeps of a workload: its readiness, already judged. */
export interface WorkloadState {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly replId: string;
  readonly namespace: string;
  /** The user as a label value. */
  readonly user: string;
  /** The newest generation of the spec that its controller has acted on; 0 before the first. */
  readonly observedGeneration: number;
  readonly terminating: boolean;
  /** Whether all its pods are of the newest spec and available. */
  readonly ready: boolean;
  /** Why its controller cannot go on, where it says so; the root cause first. */
  readonly failing: readonly Complaint[];
}

/** What a controller says about its own failure. */
export interface Complaint {
  readonly reason: string;
  readonly message: string;
}

type Judgement = Pick<WorkloadState, "ready" | "failing">;

/** Readiness by kind, after kstatus' rules (sigs.k8s.io/cli-utils, pkg/kstatus/status/core.go). */
const JUDGES: Readonly<Record<string, (object: KubeObject) => Judgement>> = {
  Deployment: judgeDeployment,
  StatefulSet: judgeStatefulSet,
  Job: judgeJob,
};

/** Reads a Deployment, StatefulSet or Job. */
export function readWorkload(object: KubeObject): WorkloadState {
  const judge = JUDGES[object.kind];
  if (judge === undefined) throw new TypeError(`${object.kind} is no workload`);
  // A Job has no observedGeneration: its spec hardly changes, and its status starts empty.
  const observed = object.kind === "Job" ? object.metadata.generation : count(object, "observedGeneration");
  return {
    uid: object.metadata.uid ?? "",
    resourceVersion: object.metadata.resourceVersion ?? "",
    replId: object.metadata.labels?.[LABELS.repl] ?? "",
    namespace: object.metadata.namespace ?? "",
    user: object.metadata.labels?.[LABELS.user] ?? "",
    observedGeneration: observed ?? 0,
    terminating: object.metadata.deletionTimestamp !== undefined,
    ...judge(object),
  };
}

function judgeDeployment(object: KubeObject): Judgement {
  const wanted = Number(at(object, "spec", "replicas") ?? 1);
  return {
    ready:
      count(object, "updatedReplicas") >= wanted &&
      count(object, "replicas") <= wanted &&
      count(object, "availableReplicas") >= wanted &&
      conditions(object, "Available", "True").length > 0,
    failing: [...conditions(object, "ReplicaFailure", "True"), ...conditions(object, "Progressing", "False")],
  };
}

function judgeStatefulSet(object: KubeObject): Judgement {
  const wanted = Number(at(object, "spec", "replicas") ?? 1);
  const current = at(object, "status", "currentRevision") === at(object, "status", "updateRevision");
  return {
    ready: current && count(object, "readyReplicas") >= wanted && count(object, "replicas") <= wanted,
    failing: [],
  };
}

function judgeJob(object: KubeObject): Judgement {
  const ready = count(object, "ready") > 0 || conditions(object, "Complete", "True").length > 0;
  return { ready, failing: conditions(object, "Failed", "True") };
}

function count(object: KubeObject, field: string): number {
  return Number(at(object, "status", field) ?? 0);
}

function conditions(object: KubeObject, type: string, status: string): Complaint[] {
  return listAt(object, "status", "conditions")
    .filter((item) => at(item, "type") === type && at(item, "status") === status)
    .map((item) => ({ reason: text(item, "reason"), message: text(item, "message") }));
}

/** Cut, since records repeat it. */
function text(item: unknown, field: string): string {
  return shortened(String(at(item, field) ?? ""));
}

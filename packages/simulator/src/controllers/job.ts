import { read } from "../api/cluster.ts";
import { removeObject } from "../api/remove.ts";
import { updateObject } from "../api/update.ts";
import { jobs } from "../kinds/job.ts";
import { pods } from "../kinds/pod.ts";
import type { PodStatus, PodTemplate } from "../kinds/pod-types.ts";
import { type Condition, withCondition } from "../objects/conditions.ts";
import { type KubeObject, keyOf, timestamp } from "../objects/object.ts";
import { type ControllerContext, flatKey, onChange, unflat } from "./controller.ts";
import { indexByOwner, queueOwner } from "./owned.ts";
import { growPods, isActive, RETRY_MS } from "./owned-pods.ts";

interface JobSpec {
  readonly parallelism: number;
  readonly completions: number;
  readonly backoffLimit: number;
  readonly suspend: boolean;
  readonly template: PodTemplate;
}

interface JobStatus {
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly conditions?: readonly Condition[];
}

const inPhase = (list: readonly KubeObject[], phase: string): number =>
  list.filter((pod) => (pod.status as PodStatus).phase === phase).length;

/** The end a Job has come to, if any. */
function verdict(spec: JobSpec, done: number, failed: number) {
  if (done >= spec.completions)
    return {
      type: "Complete",
      status: "True",
      reason: "CompletionsReached",
      message: "Reached expected number of succeeded pods",
    } as const;
  if (failed > spec.backoffLimit)
    return {
      type: "Failed",
      status: "True",
      reason: "BackoffLimitExceeded",
      message: "Job has reached the specified backoff limit",
    } as const;
  return undefined;
}

function statusFor(job: KubeObject, list: readonly KubeObject[]): JobStatus {
  const spec = job.spec as JobSpec;
  const before = (job.status ?? {}) as JobStatus;
  const succeeded = inPhase(list, "Succeeded");
  const failed = inPhase(list, "Failed");
  const active = list.filter(isActive).length;
  const end = verdict(spec, succeeded, failed);
  const figures = Object.entries({ active, succeeded, failed });
  return {
    startTime: before.startTime ?? timestamp(),
    ...Object.fromEntries(figures.filter(([, count]) => count > 0)),
    ...(end === undefined ? {} : { conditions: withCondition(before.conditions, end) }),
    ...(end?.type === "Complete" ? { completionTime: before.completionTime ?? timestamp() } : {}),
  };
}

/** Pods that are yet to be made: no more at a time than it may have, nor than it needs. */
function missing({ parallelism, completions }: JobSpec, list: readonly KubeObject[]): number {
  return Math.min(parallelism, completions - inPhase(list, "Succeeded")) - list.filter(isActive).length;
}

/** Runs the pods of each Job until enough have succeeded or too many failed. */
export function startJobs(context: ControllerContext): void {
  const { cluster } = context;
  const owned = indexByOwner(context, pods);

  const grow = growPods(context, jobs, "job-controller");

  const queue = context.runtime.queue((key: string) => {
    const job = read(cluster, jobs, unflat(key));
    if (job === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
    const spec = job.spec as JobSpec;
    const list = owned.of(job);
    const over = verdict(spec, inPhase(list, "Succeeded"), inPhase(list, "Failed"));
    const mayGrow = over === undefined && !spec.suspend;
    const refusal = mayGrow ? grow(job, spec.template, missing(spec, list)) : undefined;
    if (over?.type === "Failed") for (const pod of list.filter(isActive)) removeObject(cluster, pods, keyOf(pod));
    updateObject(
      cluster,
      jobs,
      unflat(key),
      (current) => ({
        ...current,
        status: statusFor(current, owned.of(current)),
      }),
      { subresource: "status" },
    );
    return refusal === undefined ? undefined : RETRY_MS;
  });
  onChange(context, jobs, ({ type, object }) => {
    if (type !== "DELETED") queue.add(flatKey(object));
  });
  queueOwner(context, pods, "Job", queue);
}

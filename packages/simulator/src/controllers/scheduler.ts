import { read, readAll } from "../api/cluster.ts";
import { updateObject } from "../api/update.ts";
import { nodes } from "../kinds/node.ts";
import { pods } from "../kinds/pod.ts";
import type { Container, PodSpec, PodStatus } from "../kinds/pod-types.ts";
import { condition, withCondition } from "../objects/conditions.ts";
import { asFields, type KubeObject } from "../objects/object.ts";
import { quantityOrZero } from "../objects/quantity.ts";
import { type ControllerContext, flatKey, onChange, unflat } from "./controller.ts";

const specOf = (pod: KubeObject): PodSpec => pod.spec as PodSpec;
const statusOf = (pod: KubeObject): PodStatus => pod.status as PodStatus;

const isOver = (pod: KubeObject): boolean => ["Succeeded", "Failed"].includes(statusOf(pod).phase);

const request = (containers: readonly Container[], resource: string): number =>
  containers.reduce((sum, { resources }) => sum + thousandths(resources?.requests?.[resource]), 0);

const RESOURCES = ["cpu", "memory", "pods"] as const;
const SHORTAGE = {
  cpu: "Insufficient cpu",
  memory: "Insufficient memory",
  pods: "Too many pods",
} as const;

/** In thousandths, which add up and subtract without a rest. */
type Load = Readonly<Record<(typeof RESOURCES)[number], number>>;

const NOTHING: Load = { cpu: 0, memory: 0, pods: 0 };

const thousandths = (quantity: unknown): number => Math.round(quantityOrZero(quantity) * 1_000);

/** What a pod asks for; `pods` counts itself. */
function needOf(pod: KubeObject): Load {
  const { containers } = specOf(pod);
  return { cpu: request(containers, "cpu"), memory: request(containers, "memory"), pods: 1_000 };
}

const plus = (load: Load, other: Load, sign: 1 | -1): Load => ({
  cpu: load.cpu + sign * other.cpu,
  memory: load.memory + sign * other.memory,
  pods: load.pods + sign * other.pods,
});

/** What the pods of each node ask for, kept up to date by events: to place a pod costs the same however many there are. */
function loadsByNode(context: ControllerContext): (node: string) => Load {
  const loads = new Map<string, Load>();
  const count = (pod: KubeObject, sign: 1 | -1): void => {
    const { nodeName } = specOf(pod);
    if (nodeName === undefined || isOver(pod)) return;
    loads.set(nodeName, plus(loads.get(nodeName) ?? NOTHING, needOf(pod), sign));
  };
  for (const pod of readAll(context.cluster, pods)) count(pod, 1);
  onChange(context, pods, ({ type, object, previous }) => {
    if (previous !== undefined) count(previous, -1);
    if (type !== "DELETED") count(object, 1);
  });
  return (node) => loads.get(node) ?? NOTHING;
}

/** Why a pod does not fit a node; undefined when it does. */
function obstacle(node: KubeObject, need: Load, used: Load): string | undefined {
  if (asFields(node.spec)["unschedulable"] === true) return "node(s) were unschedulable";
  const room = asFields(asFields(node.status)["allocatable"]);
  const short = RESOURCES.find((resource) => {
    const limit = room[resource];
    return limit !== undefined && used[resource] + need[resource] > thousandths(limit);
  });
  return short && SHORTAGE[short];
}

/** `0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable.` */
function refusal(obstacles: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const why of obstacles) counts.set(why, (counts.get(why) ?? 0) + 1);
  const reasons = [...counts]
    .map(([why, count]) => `${count} ${why}`)
    .sort()
    .join(", ");
  return `0/${obstacles.length} nodes are available: ${reasons}. preemption: 0/${obstacles.length} nodes are available: ${obstacles.length} No preemption victims found for incoming pod.`;
}

/** The node a pod goes to, or why there is none. */
function choose(
  all: readonly KubeObject[],
  pod: KubeObject,
  loadOf: (node: string) => Load,
): { readonly node: string } | { readonly why: string } {
  const obstacles: string[] = [];
  const need = needOf(pod);
  for (const node of all) {
    const name = node.metadata.name;
    const why = obstacle(node, need, loadOf(name));
    if (why === undefined) return { node: name };
    obstacles.push(why);
  }
  return {
    why: all.length === 0 ? "no nodes available to schedule pods" : refusal(obstacles),
  };
}

function bind(context: ControllerContext, pod: KubeObject, node: string): void {
  updateObject(
    context.cluster,
    pods,
    unflat(flatKey(pod)),
    (current) => ({
      ...current,
      spec: { ...specOf(current), nodeName: node },
      status: {
        ...statusOf(current),
        conditions: withCondition(statusOf(current).conditions, {
          type: "PodScheduled",
          status: "True",
          lastProbeTime: null,
        }),
      },
    }),
    { subresource: "binding" },
  );
  context.events.record(pod, {
    type: "Normal",
    reason: "Scheduled",
    message: `Successfully assigned ${flatKey(pod)} to ${node}`,
    component: "default-scheduler",
  });
}

function refuse(context: ControllerContext, pod: KubeObject, why: string): void {
  updateObject(
    context.cluster,
    pods,
    unflat(flatKey(pod)),
    (current) => ({
      ...current,
      status: {
        ...statusOf(current),
        conditions: withCondition(statusOf(current).conditions, {
          type: "PodScheduled",
          status: "False",
          reason: "Unschedulable",
          message: why,
          lastProbeTime: null,
        }),
      },
    }),
    { subresource: "status" },
  );
  context.events.record(pod, {
    type: "Warning",
    reason: "FailedScheduling",
    message: why,
    component: "default-scheduler",
  });
}

const TOLD =
  "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.";

const isWaiting = (pod: KubeObject): boolean =>
  specOf(pod).nodeName === undefined && pod.metadata.deletionTimestamp === undefined && !isOver(pod);

const wasRefused = (pod: KubeObject): boolean =>
  isWaiting(pod) && condition(statusOf(pod).conditions, "PodScheduled") !== undefined;

/** Gives pods to nodes, first fit. A pod that fits nowhere is tried again when a node changes or a pod goes. */
export function startScheduler(context: ControllerContext): void {
  const { cluster, runtime, failures, delays } = context;
  const loadOf = loadsByNode(context);
  const refused = new Set<string>();
  const queue = runtime.queue((key: string) => {
    const pod = read(cluster, pods, unflat(key));
    if (pod === undefined || !isWaiting(pod)) return undefined;
    const told = failures.match(pod);
    if (told?.failure === "unschedulable") {
      refuse(context, pod, told.message ?? TOLD);
      return undefined;
    }
    const choice = choose(readAll(cluster, nodes), pod, loadOf);
    if ("node" in choice) bind(context, pod, choice.node);
    else refuse(context, pod, choice.why);
    return undefined;
  });
  const retryRefused = (): void => {
    for (const key of refused) queue.add(key);
  };
  onChange(context, pods, ({ type, object }) => {
    const key = flatKey(object);
    if (type !== "DELETED" && wasRefused(object)) refused.add(key);
    else refused.delete(key);
    if (type === "ADDED") queue.addAfter(key, delays.scheduleMs);
    if (type === "DELETED") retryRefused();
  });
  onChange(context, nodes, retryRefused);
  failures.onChange(retryRefused);
}

import { createObject } from "../api/create.ts";
import { nodes } from "../kinds/node.ts";
import { type KubeObject, timestamp } from "../objects/object.ts";
import type { NodeSize } from "../options.ts";
import type { Controller, ControllerContext } from "./controller.ts";
import { startDeployments } from "./deployment/deployment.ts";
import { startGarbageCollector } from "./garbage-collector.ts";
import { startJobs } from "./job.ts";
import { startKubelet } from "./kubelet/kubelet.ts";
import { ensureNamespace, startNamespaces } from "./namespace.ts";
import { startQuotas } from "./quota.ts";
import { startReplicaSets } from "./replica-set.ts";
import { startScheduler } from "./scheduler.ts";
import { startStatefulSets } from "./stateful-set.ts";

const CONTROLLERS: readonly Controller[] = [
  startGarbageCollector,
  startDeployments,
  startReplicaSets,
  startStatefulSets,
  startJobs,
  startQuotas,
  startScheduler,
  startKubelet,
];

const SYSTEM_NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"];

function nodeObject({ name, cpu, memory, pods }: NodeSize): KubeObject {
  const now = timestamp();
  return {
    kind: "Node",
    apiVersion: "v1",
    metadata: {
      name,
      labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" },
    } as unknown as KubeObject["metadata"],
    spec: {},
    status: {
      capacity: { cpu, memory, pods },
      allocatable: { cpu, memory, pods },
      conditions: [
        {
          type: "Ready",
          status: "True",
          reason: "KubeletReady",
          message: "kubelet is posting ready status",
          lastHeartbeatTime: now,
          lastTransitionTime: now,
        },
      ],
      nodeInfo: { kubeletVersion: "v1.35.4" },
    },
  };
}

/** What a fresh cluster holds. */
export interface Furniture {
  readonly namespaces: readonly string[];
  readonly nodes: readonly NodeSize[];
  /** PEM that goes into every namespace's `kube-root-ca.crt`. */
  readonly authority: string;
  /** False starts nothing but makes the same objects. */
  readonly controllers: boolean;
}

/** Starts the controllers and puts in place what a fresh cluster holds. */
export function furnishCluster(context: ControllerContext, furniture: Furniture): void {
  if (furniture.controllers) {
    startNamespaces(context, furniture.authority);
    for (const start of CONTROLLERS) start(context);
  }
  for (const node of furniture.nodes) createObject(context.cluster, nodes, nodeObject(node));
  for (const name of [...SYSTEM_NAMESPACES, ...furniture.namespaces]) ensureNamespace(context, name);
}

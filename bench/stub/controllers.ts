import type { Objects, Stored } from "./objects.ts";
import { AVAILABLE, PROGRESSING } from "./statuses.ts";

interface Deployment extends Stored {
  readonly spec: {
    readonly template: {
      readonly metadata: Stored["metadata"];
      readonly spec: {
        readonly containers: readonly { readonly name: string; readonly image: string }[];
        readonly initContainers?: readonly { readonly name: string; readonly image: string }[];
      };
    };
  };
}

const NODE = "node-a";

/**
 * What a cluster does about a new Deployment, without taking any time for it: one pod, placed, prepared, running, and
 * the Deployment available; in the steps, and so with the watch events, of a real one.
 */
export function runDeployment(objects: Objects, path: string, deployment: Stored): void {
  const { name, namespace = "", uid } = deployment.metadata;
  const { template } = (deployment as Deployment).spec;
  const podPath = `/api/v1/namespaces/${namespace}/pods`;
  const podName = `${name}-5d8f7c9b6d-x2x7k`;
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: `${name}-5d8f7c9b6d`, uid, controller: true };
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...template.metadata, name: podName, namespace, ownerReferences: [owner] },
    spec: template.spec,
    status: { phase: "Pending", qosClass: "Burstable" },
  };
  objects.update(path, name, { status: PROGRESSING });
  if (objects.create(podPath, pod) === undefined) return;
  objects.update(podPath, podName, { spec: { ...template.spec, nodeName: NODE }, status: podStatus(template.spec, 0) });
  for (const step of [1, 2]) objects.update(podPath, podName, { status: podStatus(template.spec, step) });
  objects.update(path, name, { status: AVAILABLE });
}

/** @param step 0: placed, 1: the init containers have run, 2: ready */
function podStatus({ containers, initContainers = [] }: Deployment["spec"]["template"]["spec"], step: number) {
  const is = (reached: boolean) => (reached ? "True" : "False");
  const running = { running: { startedAt: "2026-01-01T00:00:00Z" } };
  const ended = { terminated: { exitCode: 0, reason: "Completed" } };
  const waiting = { waiting: { reason: "PodInitializing" } };
  const state = (of: { name: string; image: string }, ready: boolean, now: object) => ({
    name: of.name,
    image: of.image,
    ready,
    restartCount: 0,
    state: now,
  });
  return {
    phase: step === 2 ? "Running" : "Pending",
    podIP: "10.1.2.3",
    conditions: [
      { type: "PodScheduled", status: "True" },
      { type: "Initialized", status: is(step > 0) },
      { type: "ContainersReady", status: is(step === 2) },
      { type: "Ready", status: is(step === 2) },
    ],
    initContainerStatuses: initContainers.map((of) => state(of, step > 0, step > 0 ? ended : running)),
    containerStatuses: containers.map((of) => state(of, step === 2, step === 2 ? running : waiting)),
  };
}

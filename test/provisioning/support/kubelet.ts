import { setTimeout as delay } from "node:timers/promises";
import { type ApiClient, waitFor } from "@repl/testkit";

/** A container's state and what it was before, as core/v1 has it. */
export interface ContainerReport {
  readonly state: object;
  readonly lastState?: object;
  readonly restartCount?: number;
}

/** Plays the kubelet for a cluster whose own (kwok) is paused. */
export interface Kubelet extends AsyncDisposable {
  /** Writes the status of a repl's pod, once the scheduler has placed it; returns when it was written, in ms since 1970. */
  report(replId: string, copy: ContainerReport, runner: ContainerReport): Promise<number>;
}

/** How often it looks for pods that have to end. */
const LOOK_MS = 50;

/** Begins to play: pods that are deleted end at once. */
export function playKubelet(api: ApiClient, namespace: string): Kubelet {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const ending = new AbortController();
  const podsOf = async (selector: string): Promise<Pod[]> =>
    (await api.get(`${pods}?labelSelector=${encodeURIComponent(selector)}`)).items;

  const endDeletedPods = async () => {
    while (!ending.signal.aborted) {
      for (const { metadata } of await podsOf("")) {
        if (metadata.deletionTimestamp !== undefined)
          await api.request("DELETE", `${pods}/${metadata.name}`, { gracePeriodSeconds: 0 });
      }
      await delay(LOOK_MS, undefined, { signal: ending.signal }).catch(() => {});
    }
  };
  const loop = endDeletedPods();

  return {
    async report(replId, copy, runner) {
      const pod = await waitFor(
        async () => (await podsOf(`repl-orchestrator.dev/repl=${replId}`)).find(({ spec }) => spec.nodeName),
        { what: `the pod of ${replId} to be placed` },
      );
      const answer = await api.request("PATCH", `${pods}/${pod.metadata.name}/status`, {
        status: statusOf(pod, copy, runner),
      });
      if (answer.status !== 200) throw new Error(`the status was refused: ${answer.body?.message}`);
      return Date.now();
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await loop;
    },
  };
}

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string; readonly [list: string]: unknown };
}

function statusOf({ spec }: Pod, copy: ContainerReport, runner: ContainerReport) {
  const copied = "terminated" in copy.state && (copy.state.terminated as { exitCode: number }).exitCode === 0;
  const condition = (type: string, isTrue: boolean) => ({ type, status: isTrue ? "True" : "False" });
  return {
    phase: copied ? "Running" : "Pending",
    conditions: [
      condition("PodScheduled", true),
      condition("Initialized", copied),
      condition("ContainersReady", false),
      condition("Ready", false),
    ],
    initContainerStatuses: [containerStatus(spec, "initContainers", copy)],
    containerStatuses: [containerStatus(spec, "containers", runner)],
  };
}

function containerStatus(spec: Pod["spec"], list: string, { restartCount = 0, ...report }: ContainerReport) {
  const [container] = spec[list] as { name: string; image: string }[];
  return { name: container?.name, image: container?.image, imageID: "", ready: false, restartCount, ...report };
}

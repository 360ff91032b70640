import { type KubeObject, shortened } from "@repl/kube";
import { at, listAt } from "../json.ts";
import { MANIFEST_HASH } from "../labels.ts";

/** One container's state, as far as readiness and failures are read from it. */
export interface ContainerState {
  readonly name: string;
  readonly image: string;
  /** Whether it runs before the others and ends; not so a sidecar, though Kubernetes lists it among these. */
  readonly init: boolean;
  readonly ready: boolean;
  readonly running: boolean;
  readonly restarts: number;
  /** Reason and message of a container that waits, such as `ImagePullBackOff`. */
  readonly waiting: { readonly reason: string; readonly message: string } | undefined;
  /** How it ended: now, or else the time before. */
  readonly ended: Ending | undefined;
}

/** How a container ended. */
interface Ending {
  /** Whether it is over now, and not the run before. */
  readonly now: boolean;
  readonly exitCode: number;
  /** `Completed`, `Error`, `OOMKilled`, … */
  readonly reason: string;
  /** Its termination message, or the end of its log. */
  readonly message: string;
}

/** What the shared watch keeps of a pod. */
export interface PodState {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  /** Hash of the manifest it was made from; tells the pods of an older template apart. */
  readonly manifestHash: string;
  readonly createdAtMs: number;
  readonly terminating: boolean;
  readonly phase: string;
  /** Reason and message of the whole pod, such as `Evicted`. */
  readonly reason: string;
  readonly message: string;
  readonly node: string;
  readonly ready: boolean;
  readonly initialized: boolean;
  /** The scheduler's last word, where it has not placed the pod. */
  readonly unscheduled: { readonly reason: string; readonly message: string } | undefined;
  /** Names of the PersistentVolumeClaims that it mounts. */
  readonly claims: readonly string[];
  readonly containers: readonly ContainerState[];
}

/** What the kubelet keeps of a termination message (MaxContainerTerminationMessageLength). */
const ENDING_CHARACTERS = 4_096;

/** Reads a pod (core/v1). Its texts are cut, since records repeat them. */
export function readPod(pod: KubeObject): PodState {
  const { metadata, status } = pod;
  const condition = (type: string) => listAt(status, "conditions").find((item) => at(item, "type") === type);
  const scheduled = condition("PodScheduled");
  const sidecars = new Set(
    listAt(pod.spec, "initContainers")
      .filter((container) => at(container, "restartPolicy") === "Always")
      .map((container) => at(container, "name")),
  );
  const isTrue = (type: string) => at(condition(type), "status") === "True";
  return {
    uid: metadata.uid ?? "",
    name: metadata.name,
    namespace: metadata.namespace ?? "",
    manifestHash: metadata.annotations?.[MANIFEST_HASH] ?? "",
    createdAtMs: Date.parse(metadata.creationTimestamp ?? "") || 0,
    terminating: metadata.deletionTimestamp !== undefined,
    phase: text(status, "phase"),
    reason: text(status, "reason"),
    message: text(status, "message"),
    node: text(pod.spec, "nodeName"),
    ready: isTrue("Ready"),
    initialized: isTrue("Initialized"),
    unscheduled:
      at(scheduled, "status") === "False"
        ? { reason: text(scheduled, "reason"), message: text(scheduled, "message") }
        : undefined,
    claims: listAt(pod.spec, "volumes")
      .map((volume) => claimOf(metadata.name, volume))
      .filter((name) => name !== undefined),
    containers: [
      ...listAt(status, "initContainerStatuses").map((state) => readContainer(state, !sidecars.has(at(state, "name")))),
      ...listAt(status, "containerStatuses").map((state) => readContainer(state, false)),
    ],
  };
}

/** The claim of a generic ephemeral volume is made for the pod, and named after both. */
function claimOf(podName: string, volume: unknown): string | undefined {
  if (at(volume, "ephemeral") !== undefined) return `${podName}-${text(volume, "name")}`;
  return text(at(volume, "persistentVolumeClaim"), "claimName") || undefined;
}

function readContainer(state: unknown, init: boolean): ContainerState {
  const waiting = at(state, "state", "waiting");
  const terminated = at(state, "state", "terminated");
  return {
    name: text(state, "name"),
    image: text(state, "image"),
    init,
    ready: at(state, "ready") === true,
    running: at(state, "state", "running") !== undefined,
    restarts: Number(at(state, "restartCount") ?? 0),
    waiting: waiting === undefined ? undefined : { reason: text(waiting, "reason"), message: text(waiting, "message") },
    ended: readEnding(terminated, true) ?? readEnding(at(state, "lastState", "terminated"), false),
  };
}

function readEnding(terminated: unknown, now: boolean): Ending | undefined {
  if (terminated === undefined) return undefined;
  return {
    now,
    exitCode: Number(at(terminated, "exitCode") ?? 0),
    reason: text(terminated, "reason"),
    message: shortened(whole(terminated, "message").trim(), ENDING_CHARACTERS),
  };
}

function text(value: unknown, ...path: string[]): string {
  return shortened(whole(value, ...path));
}

function whole(value: unknown, ...path: string[]): string {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
}

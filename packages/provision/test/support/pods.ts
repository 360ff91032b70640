import type { KubeObject } from "@repl/kube";
import { MANIFEST_HASH } from "../../src/labels.ts";
import { type PodState, readPod } from "../../src/wait/pod.ts";
import { REPL } from "./fixtures.ts";

/** Hash of the manifest that the pods of these tests were made from. */
export const HASH = "f4a74b7aa3c1ccae";

/** One entry of containerStatuses, as kubelet writes it. */
export type ContainerStatus = Record<string, unknown>;

export interface PodOptions {
  readonly name?: string;
  readonly hash?: string;
  readonly createdAt?: string;
  readonly terminating?: boolean;
  readonly node?: string;
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  /** Conditions by type; the value is the status, or status, reason and message. */
  readonly conditions?: Record<string, string | readonly [status: string, reason: string, message: string]>;
  readonly init?: readonly ContainerStatus[];
  readonly main?: readonly ContainerStatus[];
  /** Names of its claims. */
  readonly claims?: readonly string[];
  /** Names of init containers with `restartPolicy: Always`. */
  readonly sidecars?: readonly string[];
}

/** A pod as the API server gives it. */
export function podObject(options: PodOptions = {}): KubeObject {
  const {
    name = "repl123-5c66656bf7-q4tq9",
    hash = HASH,
    createdAt = "2026-11-22T03:40:35Z",
    node = "node-a",
  } = options;
  const { phase = "Pending", reason, message, conditions = { PodScheduled: "True", Initialized: "True" } } = options;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "repls",
      uid: `uid-of-${name}`,
      creationTimestamp: createdAt,
      labels: { "repl-orchestrator.dev/repl": REPL.replId },
      annotations: { [MANIFEST_HASH]: hash },
      ...(options.terminating === true ? { deletionTimestamp: createdAt } : {}),
    },
    spec: {
      volumes: (options.claims ?? []).map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
      ...(node === "" ? {} : { nodeName: node }),
      initContainers: (options.sidecars ?? []).map((sidecar) => ({ name: sidecar, restartPolicy: "Always" })),
    },
    status: {
      phase,
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
      conditions: Object.entries(conditions).map(([type, value]) => conditionOf(type, value)),
      initContainerStatuses: options.init ?? [],
      containerStatuses: options.main ?? [],
    },
  };
}

/** What the watch keeps of such a pod. */
export const pod = (options: PodOptions = {}): PodState => readPod(podObject(options));

function conditionOf(type: string, value: string | readonly [string, string, string]) {
  if (typeof value === "string") return { type, status: value, lastProbeTime: null };
  const [status, reason, message] = value;
  return { type, status, reason, message, lastProbeTime: null };
}

const container = (name: string, state: object, rest: object = {}): ContainerStatus => ({
  name,
  image: `${name}:1`,
  imageID: "",
  ready: false,
  restartCount: 0,
  state,
  lastState: {},
  ...rest,
});

const terminated = (exitCode: number, reason: string, message?: string) => ({
  terminated: { exitCode, reason, ...(message === undefined ? {} : { message }), startedAt: null, finishedAt: null },
});

/** Container statuses in the states a kubelet writes. */
export const containers = {
  waiting: (name: string, reason: string, message?: string) =>
    container(name, { waiting: { reason, ...(message === undefined ? {} : { message }) } }),
  running: (name: string, ready = false) =>
    container(name, { running: { startedAt: "2026-11-22T03:40:36Z" } }, { ready }),
  ended: (name: string, exitCode: number, reason: string, message?: string, restartCount = 0) =>
    container(name, terminated(exitCode, reason, message), { restartCount, ready: exitCode === 0 }),
  crashLoop: (name: string, exitCode: number, reason: string, message?: string) =>
    container(
      name,
      { waiting: { reason: "CrashLoopBackOff", message: `back-off 10s restarting failed container=${name}` } },
      { restartCount: 1, lastState: terminated(exitCode, reason, message) },
    ),
};

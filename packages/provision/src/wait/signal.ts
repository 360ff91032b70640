import type { FailureCode } from "@repl/contract";
import type { ContainerState, PodState } from "./pod.ts";
import type { Complaint, WorkloadState } from "./workload.ts";

/** Something that makes a start fail if it lasts longer than its grace. */
export interface Signal {
  readonly code: FailureCode;
  /** How long it may last; 0 where nothing heals it, infinite where it is worth telling and no more. */
  readonly graceMs: number;
  /** What happened, as a sentence for the user. */
  readonly detail: string;
  /** The evidence. */
  readonly details: Record<string, unknown>;
}

/** How long causes that may heal are given. */
export interface Graces {
  /** No node has room: another workspace may end, or the cluster may grow. */
  readonly unschedulableMs: number;
  /** As above, where an autoscaler says that it is adding a node. */
  readonly scaleUpMs: number;
  /** A pod's claim has no volume: some take a minute or two to make. Shorter than a start, whose deadline would tell less. */
  readonly claimMs: number;
  /** Configuration is missing or a pod is refused: it may be on its way. */
  readonly configMs: number;
  /** A namespace that was just made has no ServiceAccount yet: the pod's controller tries again ever more rarely. */
  readonly serviceAccountMs: number;
  /** An image that cannot be pulled: registries do recover, names do not. */
  readonly imagePullMs: number;
  /** Nothing changes on a pod: from then on its node is looked at, as often as this again. */
  readonly silenceMs: number;
  /** The node of a silent pod is not ready, which Kubernetes says only after its own grace of 50 s. */
  readonly nodeLostMs: number;
}

/** Fails within seconds, and gives what is created at the same time a chance to arrive. */
export const DEFAULT_GRACES: Graces = {
  unschedulableMs: 8_000,
  scaleUpMs: 300_000,
  claimMs: 120_000,
  configMs: 5_000,
  serviceAccountMs: 60_000,
  imagePullMs: 0,
  silenceMs: 10_000,
  nodeLostMs: 5_000,
};

/** The Deployment's complaint when its ReplicaSet cannot be created. */
const REPLICA_SET_REFUSED = "ReplicaSetCreateError";

/** The Deployment's complaint when its pods have not got on for `progressDeadlineSeconds`. */
export const PROGRESS_DEADLINE = "ProgressDeadlineExceeded";

/** Pods that a node refused and that were replaced, before it counts as a failure. */
const MOST_REPLACED_PODS = 2;

/** A signal but for its evidence. */
type Cause = Omit<Signal, "details">;
type Waiting = (container: ContainerState, graces: Graces) => Cause;

const failedImage = (container: ContainerState, graceMs: number): Cause => ({
  code: "image_pull_failed",
  graceMs,
  detail: `The image ${container.image} of the container ${container.name} cannot be pulled${after(container.waiting?.message)}`,
});
const image: Waiting = (container, graces) => failedImage(container, graces.imagePullMs);
const badImage: Waiting = (container) => failedImage(container, 0);
/** What registries answer, through containerd or CRI-O, that no further try changes; the next one is 10 to 30 s away. */
const NO_SUCH_IMAGE = /\bnot found\b|manifest unknown|pull access denied|\bunauthorized\b|no match for platform/i;
// Kubelet goes back to this between its tries: it keeps the clock of the grace running, and fails nothing by itself.
const failedPull: Waiting = (container) =>
  failedImage(container, NO_SUCH_IMAGE.test(container.waiting?.message ?? "") ? 0 : Number.POSITIVE_INFINITY);
const config: Waiting = (container, graces) => ({
  code: "config_error",
  graceMs: graces.configMs,
  detail: `The container ${container.name} cannot be started${after(container.waiting?.message)}`,
});

/** Ends a sentence with what the cluster says, where it says anything. */
function after(message = ""): string {
  return message === "" ? "." : `: ${message}`;
}

/** Reasons for which a container waits and may wait for ever (kubelet, pkg/kubelet/kuberuntime and pkg/kubelet/images). */
const WAITING: Readonly<Record<string, Waiting>> = {
  ErrImagePull: failedPull,
  ImagePullBackOff: image,
  InvalidImageName: badImage,
  ErrImageNeverPull: badImage,
  CreateContainerConfigError: config,
  CreateContainerError: config,
  RunContainerError: config,
  PostStartHookError: config,
  CrashLoopBackOff: (container) => crash(container),
};

/** Every signal of failure in what the watch holds. `pods` are those of the current manifest. */
export function signalsOf(workload: WorkloadState, pods: readonly PodState[], graces: Graces): Signal[] {
  const alive = pods.filter((pod) => !pod.terminating);
  return [
    // A pod that failed is over: its controller replaces it, or says itself that it will not.
    ...alive.filter(({ phase }) => phase !== "Failed").flatMap((pod) => podSignals(pod, graces)),
    ...refusedPods(alive),
    ...workload.failing.flatMap((complaint) => workloadSignals(complaint, alive, graces)),
  ];
}

/**
 * The signals of a workload whose newest generation its controller has not acted on. A Deployment whose ReplicaSet is
 * refused says so without ever observing the generation (kube-controller-manager 1.35); all else may be out of date.
 */
export function signalsBeforeObserved(workload: WorkloadState, graces: Graces): Signal[] {
  const refused = workload.failing.filter(({ reason }) => reason === REPLICA_SET_REFUSED);
  return refused.flatMap((complaint) => workloadSignals(complaint, [], graces));
}

function podSignals(pod: PodState, graces: Graces): Signal[] {
  const signals: Signal[] = [];
  if (pod.unscheduled?.reason === "Unschedulable") signals.push(unschedulable(pod, pod.unscheduled.message, graces));
  for (const container of pod.containers) {
    const found = containerSignal(container, graces);
    if (found !== undefined) signals.push({ ...found, details: evidence(pod, container) });
  }
  return signals;
}

/** In all that the scheduler says of claims (kubernetes, pkg/scheduler/framework/plugins/volumebinding), and nowhere else. */
const ABOUT_A_CLAIM = /persistentvolumeclaim/i;

function unschedulable({ name, claims }: PodState, message: string, graces: Graces): Signal {
  const said = `The scheduler says: ${message}`;
  if (!ABOUT_A_CLAIM.test(message)) {
    return { code: "unschedulable", graceMs: graces.unschedulableMs, detail: said, details: { pod: name, message } };
  }
  const detail = `The pod waits for its PersistentVolumeClaim ${claims.join(", ")}. ${said}`;
  return { code: "config_error", graceMs: graces.claimMs, detail, details: { pod: name, claims, message } };
}

function containerSignal(container: ContainerState, graces: Graces): Cause | undefined {
  const reason = container.waiting?.reason ?? "";
  if (Object.hasOwn(WAITING, reason)) return WAITING[reason]?.(container, graces);
  // A container that failed before and failed again is a crash loop already, whether or not it is being held back now.
  const failedAgain = container.ended?.now === true && container.ended.exitCode !== 0 && container.restarts > 0;
  return failedAgain ? crash(container) : undefined;
}

function crash(container: ContainerState): Cause {
  const { exitCode, reason, message } = container.ended ?? { exitCode: 0, reason: "", message: "" };
  if (reason === "OOMKilled") {
    return {
      code: "out_of_memory",
      graceMs: 0,
      detail: `The container ${container.name} was killed for its use of memory${after(message)}`,
    };
  }
  const code = container.init ? "copy_failed" : "container_crash_loop";
  return {
    code,
    graceMs: 0,
    detail: `The container ${container.name} ended with exit code ${exitCode}${after(message)}`,
  };
}

function evidence(
  pod: PodState,
  { name, image: imageName, restarts, waiting, ended }: ContainerState,
): Record<string, unknown> {
  return {
    pod: pod.name,
    container: name,
    image: imageName,
    restarts,
    ...(waiting === undefined ? {} : { waiting }),
    ...(ended === undefined ? {} : { exitCode: ended.exitCode, reason: ended.reason, lastMessage: ended.message }),
  };
}

/** Whether its node refused or evicted a pod. It stays as it is until the cluster collects its garbage. */
export function isRefused({ phase, reason }: PodState): boolean {
  return phase === "Failed" && reason !== "";
}

/** Each of them is replaced, so only several are a failure. */
function refusedPods(pods: readonly PodState[]): Signal[] {
  const refused = pods.filter(isRefused);
  const last = refused.at(-1);
  if (last === undefined || refused.length <= MOST_REPLACED_PODS) return [];
  const detail = `${refused.length} pods were refused or evicted, the last one: ${last.reason} ${last.message}`.trim();
  return [
    {
      code: "evicted",
      graceMs: 0,
      detail,
      details: { pods: refused.length, reason: last.reason, message: last.message },
    },
  ];
}

function workloadSignals(complaint: Complaint, pods: readonly PodState[], graces: Graces): Signal[] {
  const { reason, message } = complaint;
  const details = { reason, message };
  switch (reason) {
    case "FailedCreate":
      return pods.length > 0 ? [] : [podRefusal(complaint, graces)];
    case REPLICA_SET_REFUSED:
      return [refusal(message, details, graces)];
    case "BackoffLimitExceeded":
    case "PodFailurePolicy":
      return [jobFailure(pods, details)];
    case PROGRESS_DEADLINE:
    case "DeadlineExceeded":
      return [{ code: "deadline_exceeded", graceMs: 0, detail: message, details }];
    default:
      return [];
  }
}

/** What the API server's admission says (plugin/pkg/admission/serviceaccount) until the account is made. */
const NO_SERVICE_ACCOUNT = "error looking up service account";

/** The signal of a pod that the API server refused to its controller. */
export function podRefusal({ reason, message }: Complaint, graces: Graces): Signal {
  const details = { reason, message };
  if (!message.includes(NO_SERVICE_ACCOUNT)) return refusal(`The pod was refused: ${message}`, details, graces);
  const detail = `The namespace's ServiceAccount, without which no pod is made, is not there yet: ${message}`;
  return { code: "deadline_exceeded", graceMs: graces.serviceAccountMs, detail, details };
}

function refusal(detail: string, details: Signal["details"], graces: Graces): Signal {
  const code = detail.includes("exceeded quota") ? "quota_exceeded" : "pod_refused";
  return { code, graceMs: graces.configMs, detail, details };
}

/** A Job gives up because of how its pods ended. */
function jobFailure(pods: readonly PodState[], details: Record<string, string>): Signal {
  const culprits = pods.flatMap((pod) => pod.containers.map((container) => ({ pod, container })));
  const last = culprits.findLast(({ container: { ended } }) => ended !== undefined && ended.exitCode !== 0);
  if (last === undefined) {
    return { code: "container_crash_loop", graceMs: 0, detail: `${details.message}.`, details };
  }
  return { ...crash(last.container), details: { ...details, ...evidence(last.pod, last.container) } };
}

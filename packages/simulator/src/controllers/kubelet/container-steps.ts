import type { FailureRule } from "../../control/failures.ts";
import type { ContainerStatus, PodSpec } from "../../kinds/pod-types.ts";
import type { KubeObject } from "../../objects/object.ts";
import type { Delays } from "../delays.ts";
import { crashOf, START_FAILURES } from "./container-failures.ts";
import { toReady, toRunning, toTerminated, toWaiting } from "./container-states.ts";

/** A note kubelet writes about the pod when a step is done. */
export interface Note {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** What one container does next. The name tells it from the steps before and after. */
export interface ContainerStep {
  readonly name: string;
  readonly afterMs: number;
  readonly notes: readonly Note[];
  apply(status: ContainerStatus): ContainerStatus;
}

/** All that a container's next step depends on. */
export interface ContainerSituation {
  readonly pod: KubeObject;
  readonly status: ContainerStatus;
  readonly init: boolean;
  readonly failure: FailureRule | undefined;
  readonly delays: Delays;
}

/** kubelet doubles the pause up to five minutes. */
const MAX_BACK_OFF_MS = 300_000;

const backOffMs = (delays: Delays, restarts: number): number =>
  Math.min(delays.backOffMs * 2 ** Math.max(0, restarts - 1), MAX_BACK_OFF_MS);

const normal = (reason: string, message: string): Note => ({
  type: "Normal",
  reason,
  message,
});

const warning = (reason: string, message: string): Note => ({
  type: "Warning",
  reason,
  message,
});

const startFailureOf = ({ failure, init }: ContainerSituation) =>
  failure === undefined || init ? undefined : START_FAILURES[failure.failure];

function start(situation: ContainerSituation, afterMs: number): ContainerStep {
  const { status } = situation;
  return {
    name: `run ${status.restartCount}`,
    afterMs,
    notes: [
      normal("Pulled", `Successfully pulled image "${status.image}"`),
      normal("Created", `Created container: ${status.name}`),
      normal("Started", `Started container ${status.name}`),
    ],
    apply: toRunning,
  };
}

/** The first try to start: it runs, or shows why it cannot. */
function firstTry(situation: ContainerSituation): ContainerStep {
  const { status, delays, failure } = situation;
  const told = startFailureOf(situation);
  const pulling = normal("Pulling", `Pulling image "${status.image}"`);
  if (told === undefined) {
    const step = start(situation, delays.pullMs);
    return { ...step, notes: [pulling, ...step.notes] };
  }
  const message = failure?.message ?? told.message(status.image);
  return {
    name: `fail ${told.reason}`,
    afterMs: delays.pullMs,
    notes: [pulling, warning(told.event, message)],
    apply: (before) => toWaiting(before, told.reason, message),
  };
}

/** After a failed start: back off, try again, or run once the failure is lifted. */
function retry(situation: ContainerSituation): ContainerStep | undefined {
  const { status, delays } = situation;
  const { reason = "", message = "" } = status.state.waiting ?? {};
  const told = startFailureOf(situation);
  if (told === undefined) return start(situation, delays.pullMs);
  if (told.backOff === undefined || reason === told.backOff) return undefined;
  const backOff = told.backOff;
  return {
    name: `back off ${backOff}`,
    afterMs: Math.min(delays.backOffMs, delays.pullMs),
    notes: [warning("BackOff", `Back-off pulling image "${status.image}"`)],
    apply: (before) => toWaiting(before, backOff, `Back-off pulling image "${status.image}": ${reason}: ${message}`),
  };
}

function waitingStep(situation: ContainerSituation): ContainerStep | undefined {
  const { status, delays } = situation;
  const reason = status.state.waiting?.reason;
  if (reason === "CrashLoopBackOff") return start(situation, backOffMs(delays, status.restartCount));
  if (reason === "PodInitializing" || reason === "ContainerCreating") return firstTry(situation);
  return retry(situation);
}

function runningStep(situation: ContainerSituation): ContainerStep | undefined {
  const { pod, status, init, failure, delays } = situation;
  const crash = crashOf(failure, init);
  if (crash !== undefined)
    return {
      name: `crash ${status.restartCount}`,
      afterMs: init ? delays.initMs : delays.crashMs,
      notes: [],
      apply: (before) => toTerminated(before, crash.exitCode, crash.reason, crash.message),
    };
  const { restartPolicy } = pod.spec as PodSpec;
  if (init || restartPolicy !== "Always")
    return {
      name: `complete ${status.restartCount}`,
      afterMs: init ? delays.initMs : delays.jobMs,
      notes: [],
      apply: (before) => toTerminated(before, 0, "Completed"),
    };
  if (status.ready || failure?.failure === "never_ready") return undefined;
  return {
    name: `ready ${status.restartCount}`,
    afterMs: delays.readyMs,
    notes: [],
    apply: toReady,
  };
}

/** The pause kubelet names in its message: 10 s, doubling, at most 5 min, whatever the simulator really waits. */
const namedPause = (restarts: number): string => {
  const seconds = Math.min(10 * 2 ** Math.max(0, restarts - 1), 300);
  return seconds >= 60 ? `${Math.floor(seconds / 60)}m${seconds % 60}s` : `${seconds}s`;
};

/** The first end is followed by a restart at once, each later one by a pause. */
function terminatedStep(situation: ContainerSituation): ContainerStep | undefined {
  const { pod, status, init, delays } = situation;
  const { restartPolicy } = pod.spec as PodSpec;
  const failed = status.state.terminated?.exitCode !== 0;
  if (restartPolicy === "Never") return undefined;
  if (!failed && (init || restartPolicy === "OnFailure")) return undefined;
  if (status.restartCount === 0) return start(situation, Math.min(delays.crashMs, delays.backOffMs));
  const { name, namespace, uid } = pod.metadata;
  const text = `restarting failed container=${status.name} pod=${name}_${namespace}(${uid})`;
  return {
    name: `crash loop ${status.restartCount}`,
    afterMs: 0,
    notes: [warning("BackOff", `Back-off ${text}`)],
    apply: (before) => toWaiting(before, "CrashLoopBackOff", `back-off ${namedPause(status.restartCount)} ${text}`),
  };
}

/** What a container does next; undefined when it stays as it is. */
export function nextContainerStep(situation: ContainerSituation): ContainerStep | undefined {
  const { state } = situation.status;
  if (state.running !== undefined) return runningStep(situation);
  if (state.terminated !== undefined) return terminatedStep(situation);
  return waitingStep(situation);
}

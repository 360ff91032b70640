import type { Container, ContainerState, ContainerStatus, Terminated } from "../../kinds/pod-types.ts";
import { timestamp } from "../../objects/object.ts";

/** The states a container goes through, as kubelet reports them. All functions make new values. */

export const waitingStatus = (container: Container, reason: string): ContainerStatus => ({
  name: container.name,
  state: { waiting: { reason } },
  lastState: {},
  ready: false,
  started: false,
  restartCount: 0,
  image: container.image,
  imageID: "",
});

export const toWaiting = (status: ContainerStatus, reason: string, message: string): ContainerStatus => ({
  ...status,
  state: { waiting: { reason, ...(message === "" ? {} : { message }) } },
  ready: false,
  started: false,
  lastState: status.state.terminated === undefined ? status.lastState : { terminated: status.state.terminated },
});

const id = (status: ContainerStatus, restarts: number): string =>
  `containerd://${Buffer.from(`${status.name}-${restarts}`).toString("hex").padStart(16, "0")}`;

/** Started: for the first time, or again after what `lastState` tells. */
export function toRunning(status: ContainerStatus): ContainerStatus {
  const ended = status.state.terminated ?? status.lastState.terminated;
  const restartCount = status.restartCount + (ended === undefined ? 0 : 1);
  return {
    ...status,
    state: { running: { startedAt: timestamp() } },
    lastState: ended === undefined ? {} : { terminated: ended },
    ready: false,
    started: true,
    restartCount,
    imageID: `sha256:${Buffer.from(status.image).toString("hex").slice(0, 64)}`,
    containerID: id(status, restartCount),
  };
}

export function toTerminated(status: ContainerStatus, exitCode: number, reason: string, message = ""): ContainerStatus {
  const terminated: Terminated = {
    exitCode,
    reason,
    ...(message === "" ? {} : { message }),
    startedAt: status.state.running?.startedAt ?? timestamp(),
    finishedAt: timestamp(),
    ...(status.containerID === undefined ? {} : { containerID: status.containerID }),
  };
  return { ...status, state: { terminated }, ready: false, started: false };
}

export const toReady = (status: ContainerStatus): ContainerStatus => ({
  ...status,
  ready: true,
});

export const succeeded = (state: ContainerState): boolean => state.terminated?.exitCode === 0;

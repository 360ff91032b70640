/** How long each step of a pod takes, in milliseconds. */
export interface Delays {
  /** From creation to a node. */
  readonly scheduleMs: number;
  /** Pulling the image of one container. */
  readonly pullMs: number;
  /** Running one init container. */
  readonly initMs: number;
  /** From running to ready. */
  readonly readyMs: number;
  /** From a start to the crash of a container that crashes. */
  readonly crashMs: number;
  /** First pause before a failed pull or start is tried again; doubles with each. */
  readonly backOffMs: number;
  /** How long a container of a Job runs. */
  readonly jobMs: number;
  /** From the deletion of a pod to its end. */
  readonly terminateMs: number;
}

/** A repl with one init container is ready after some 2.5 seconds, step by step. */
export const DEFAULT_DELAYS: Delays = {
  scheduleMs: 200,
  pullMs: 600,
  initMs: 600,
  readyMs: 500,
  crashMs: 300,
  backOffMs: 2000,
  jobMs: 1000,
  terminateMs: 300,
};

/** Everything as fast as events travel; crash loops still pause, so that they do not spin. */
export const NO_DELAYS: Delays = {
  scheduleMs: 0,
  pullMs: 0,
  initMs: 0,
  readyMs: 0,
  crashMs: 0,
  backOffMs: 20,
  jobMs: 0,
  terminateMs: 0,
};

/** The default steps stretched or squeezed so that a pod with one init container is ready after `totalMs`. */
export function delaysForTotal(totalMs: number): Delays {
  const { scheduleMs, pullMs, initMs, readyMs } = DEFAULT_DELAYS;
  const factor = totalMs / (scheduleMs + 2 * pullMs + initMs + readyMs);
  return {
    ...DEFAULT_DELAYS,
    scheduleMs: scheduleMs * factor,
    pullMs: pullMs * factor,
    initMs: initMs * factor,
    readyMs: readyMs * factor,
  };
}

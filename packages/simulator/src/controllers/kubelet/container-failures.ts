import type { FailureName } from "../../control/failure-kinds.ts";
import type { FailureRule } from "../../control/failures.ts";

/** How a failure that keeps a container from starting shows: the first waiting reason, and what it turns into. */
export interface StartFailure {
  readonly reason: string;
  /** The reason it shows between tries; undefined when it does not change. */
  readonly backOff?: string;
  readonly event: string;
  message(image: string): string;
}

const notFound = (image: string): string => {
  const name = image.includes("/") ? image : `docker.io/library/${image}`;
  return `failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${name}: not found`;
};

/** Sources: kubelet's pkg/kubelet/images and kuberuntime of Kubernetes 1.35. */
export const START_FAILURES: Partial<Record<FailureName, StartFailure>> = {
  image_pull: {
    reason: "ErrImagePull",
    backOff: "ImagePullBackOff",
    event: "Failed",
    message: notFound,
  },
  image_never_pull: {
    reason: "ErrImageNeverPull",
    event: "ErrImageNeverPull",
    message: (image) => `Container image "${image}" is not present with pull policy of Never`,
  },
  invalid_image_name: {
    reason: "InvalidImageName",
    event: "InspectFailed",
    message: (image) =>
      `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`,
  },
  create_container_config_error: {
    reason: "CreateContainerConfigError",
    event: "Failed",
    message: () => 'secret "repl-secrets" not found',
  },
  create_container_error: {
    reason: "CreateContainerError",
    event: "Failed",
    message: () => "failed to create containerd container: failed to reserve container name",
  },
  run_container_error: {
    reason: "RunContainerError",
    event: "Failed",
    message: () =>
      'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "start.sh": executable file not found in $PATH: unknown',
  },
  post_start_hook: {
    reason: "PostStartHookError",
    event: "FailedPostStartHook",
    message: () => "command '/bin/sh -c ./prepare' exited with 1: prepare: not found",
  },
};

/** How a container that runs ends, when it is told to. */
export interface Crash {
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
}

/** What ends a running container of a failing pod; undefined when nothing does. */
export function crashOf(failure: FailureRule | undefined, init: boolean): Crash | undefined {
  const name = failure?.failure;
  if (init)
    return name === "init_crash"
      ? {
          exitCode: failure?.exitCode ?? 1,
          reason: "Error",
          message: failure?.message ?? "cp: cannot stat '/template/.': No such file",
        }
      : undefined;
  if (name === "oom")
    return {
      exitCode: failure?.exitCode ?? 137,
      reason: "OOMKilled",
      message: failure?.message ?? "",
    };
  if (name === "crash_loop")
    return {
      exitCode: failure?.exitCode ?? 1,
      reason: "Error",
      message: failure?.message ?? "Error: Cannot find module './index.js'",
    };
  return undefined;
}

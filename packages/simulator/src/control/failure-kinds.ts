/** Every way a pod can be told to fail, with what it looks like from outside. */
export const FAILURES = {
  image_pull: "the image cannot be pulled: ErrImagePull, then ImagePullBackOff",
  image_never_pull: "the image is absent and may not be pulled: ErrImageNeverPull",
  invalid_image_name: "the image reference cannot be parsed: InvalidImageName",
  create_container_config_error: "a Secret the container needs is missing: CreateContainerConfigError",
  create_container_error: "the runtime cannot create it: CreateContainerError",
  run_container_error: "the runtime cannot start it: RunContainerError",
  post_start_hook: "its postStart hook fails: PostStartHookError",
  crash_loop: "it exits with an error again and again: CrashLoopBackOff",
  oom: "it is killed for its memory again and again: OOMKilled, exit code 137",
  init_crash: "its first init container (the copy step) fails again and again: Init:CrashLoopBackOff",
  unschedulable: "no node has room for it: Unschedulable",
  quota: "a quota refuses the pod: FailedCreate at the ReplicaSet, and no pod at all",
  evicted: "the node evicts it: phase Failed, reason Evicted",
  failed_mount: "a volume cannot be mounted: FailedMount events",
  never_ready: "it runs but never gets ready",
} as const;

/** The name of one way to fail. */
export type FailureName = keyof typeof FAILURES;

export const isFailureName = (name: string): name is FailureName => Object.hasOwn(FAILURES, name);

/** A repl whose id begins with one of these fails that way, so that a failure can be tried from the page. */
export const FAILURE_PREFIXES: Readonly<Record<string, FailureName>> = {
  "fail-image-": "image_pull",
  "fail-crash-": "crash_loop",
  "fail-memory-": "oom",
  "fail-copy-": "init_crash",
  "fail-schedule-": "unschedulable",
  "fail-quota-": "quota",
  "fail-config-": "create_container_config_error",
  "fail-never-": "never_ready",
};

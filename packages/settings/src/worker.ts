import Type from "typebox";
import { isNamespace, isNamespacePrefix, isOrigin, isPath } from "./checks.ts";
import { choice, integer, optionalText, type Settings, text } from "./setting.ts";
import type { Problem } from "./settings-error.ts";
import { opsPort, shared } from "./shared.ts";

/** Settings of the worker process. */
export const WorkerSettings = Type.Object({
  ...shared,
  opsPort: opsPort(3_004),
  kubeconfig: optionalText({
    variable: "KUBECONFIG",
    description: "Path of the kubeconfig; unset, the worker uses the service account of the pod it runs in.",
    expected: "a path",
    check: isPath,
  }),
  namespace: text({
    variable: "NAMESPACE",
    description:
      "The Kubernetes namespace of the repls. With NAMESPACE_MODE=per-user: where repls of the shared mode may still be.",
    default: "default",
    expected: "lower-case letters, digits and inner hyphens, at most 63 characters",
    check: isNamespace,
  }),
  namespaceMode: choice(["shared", "per-user"], {
    variable: "NAMESPACE_MODE",
    description: "`shared`: all repls live in NAMESPACE. `per-user`: each user's in a namespace of that user's own.",
    default: "shared",
  }),
  userNamespacePrefix: text({
    variable: "USER_NAMESPACE_PREFIX",
    description:
      "With NAMESPACE_MODE=per-user, begins the name of each user's namespace. Installations that share a cluster need different ones, none of which begins another.",
    default: "repl-user-",
    expected:
      "lower-case letters, digits and inner hyphens, ending in a hyphen, at most 29 characters, not beginning with kube-",
    check: isNamespacePrefix,
  }),
  userNamespaceTemplatePath: text({
    variable: "USER_NAMESPACE_TEMPLATE_PATH",
    description: "With NAMESPACE_MODE=per-user, the template of a user's namespace, read once at start.",
    default: "./user-namespace.yaml",
    expected: "a path",
    check: isPath,
  }),
  userNamespaceSecretsPath: optionalText({
    variable: "USER_NAMESPACE_SECRETS_PATH",
    description:
      "With NAMESPACE_MODE=per-user, a folder whose folders are Secrets and whose files in those are their keys; they are written into each user's namespace, and again when they change.",
    expected: "a path",
    check: isPath,
  }),
  templatePath: text({
    variable: "TEMPLATE_PATH",
    description: "The template, read once at start.",
    default: "./service.yaml",
    expected: "a path",
    check: isPath,
  }),
  concurrency: integer({
    variable: "WORKER_CONCURRENCY",
    description: "Jobs that one worker process runs at the same time.",
    default: 10,
    minimum: 1,
    maximum: 200,
  }),
  leaseSeconds: integer({
    variable: "LEASE_SECONDS",
    description: "How long a repl stays with a worker that has fallen silent before another may take it over.",
    default: 10,
    minimum: 2,
    maximum: 300,
  }),
  startTimeoutSeconds: integer({
    variable: "START_TIMEOUT_SECONDS",
    description: "How long an attempt waits for the workspace to be ready before the start fails.",
    default: 300,
    minimum: 1,
    maximum: 3_600,
  }),
  readyCheck: choice(["deployment", "service", "url"], {
    variable: "READY_CHECK",
    description:
      "What must answer before a start is completed: the Deployment's pods, the Service's endpoints, or the workspace's addresses.",
    default: "deployment",
  }),
  ingressAddress: optionalText({
    variable: "INGRESS_ADDRESS",
    description:
      "Where READY_CHECK=url sends the requests for the workspaces' hosts; unset, to where their names lead.",
    expected: "http://address[:port] or https://address[:port]",
    check: isOrigin,
  }),
  addressTimeoutSeconds: integer({
    variable: "ADDRESS_TIMEOUT_SECONDS",
    description: "How long READY_CHECK=service and url wait for an answer once the pods are ready.",
    default: 60,
    minimum: 1,
    maximum: 3_600,
  }),
  unschedulableGraceSeconds: integer({
    variable: "UNSCHEDULABLE_GRACE_SECONDS",
    description: "How long a pod may fit on no node, for instance while one is being added, before the start fails.",
    default: 8,
    minimum: 0,
    maximum: 3_600,
  }),
  sweepIntervalSeconds: integer({
    variable: "SWEEP_INTERVAL_SECONDS",
    description: "How often the sweep makes the cluster agree with the intents; one worker at a time does it.",
    default: 30,
    minimum: 1,
    maximum: 3_600,
  }),
  idleTimeoutSeconds: integer({
    variable: "IDLE_TIMEOUT",
    description: "A running repl that nobody has started or kept alive for this many seconds is stopped; 0: never.",
    default: 0,
    minimum: 0,
    maximum: 30 * 24 * 3_600,
  }),
  cleanupOnFailure: choice(["delete", "keep"], {
    variable: "CLEANUP_ON_FAILURE",
    description: "What happens to the resources of a start that failed for good; `keep` leaves them to be looked at.",
    default: "delete",
  }),
});

/** {@inheritDoc WorkerSettings} Seconds and counts as the names say; `kubeconfig` is missing where it is unset. */
export type WorkerSettings = Settings<typeof WorkerSettings>;

/** What each setting by itself cannot tell: problems of settings that do not go together. */
export function workerProblems({
  namespaceMode,
  namespace,
  userNamespacePrefix,
  userNamespaceSecretsPath,
}: WorkerSettings): Problem[] {
  if (namespaceMode === "shared") {
    const message = "is set, but NAMESPACE_MODE is `shared`, so that nothing would be written";
    return userNamespaceSecretsPath === undefined ? [] : [{ variable: "USER_NAMESPACE_SECRETS_PATH", message }];
  }
  if (!namespace.startsWith(userNamespacePrefix)) return [];
  return [{ variable: "NAMESPACE", message: `must not begin with USER_NAMESPACE_PREFIX: it may be a user's` }];
}

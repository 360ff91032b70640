import type { Manifest } from "./kustomize.ts";
import { changed, OUR_LABELS, withContainer, withPods, withSecurity, workerObject } from "./worker-objects.ts";

/** The answer of one of the worker's admission policies, `name` without the prefix they share. */
export function deniedBy(name: string, message: string): RegExp {
  return new RegExp(`ValidatingAdmissionPolicy 'repl-orchestrator-worker-${name}' .* denied request: .*${message}`);
}

/** What a worker that was taken over might write within its Role, each one change away from what it may write. */
export const REFUSED: readonly (readonly [what: string, manifest: Manifest, reason: RegExp])[] = [
  [
    "labels of a repl are missing",
    changed(workerObject("Deployment"), ({ metadata }) => Object.assign(metadata, { labels: {} })),
    deniedBy("scope", "must carry its labels"),
  ],
  [
    "the user is missing",
    changed(workerObject("Service"), ({ metadata }) =>
      Object.assign(metadata, { labels: { ...OUR_LABELS, "repl-orchestrator.dev/user": "" } }),
    ),
    deniedBy("scope", "must carry its labels"),
  ],
  [
    "a token of the cluster",
    withPods((spec) => Object.assign(spec, { automountServiceAccountToken: true })),
    deniedBy("pods", "automountServiceAccountToken"),
  ],
  [
    "another ServiceAccount",
    withPods((spec) => Object.assign(spec, { serviceAccountName: "admin" })),
    deniedBy("pods", "serviceAccountName"),
  ],
  ["hostNetwork", withPods((spec) => Object.assign(spec, { hostNetwork: true })), deniedBy("pods", "hostNetwork")],
  ["hostPID", withPods((spec) => Object.assign(spec, { hostPID: true })), deniedBy("pods", "hostNetwork")],
  ["hostIPC", withPods((spec) => Object.assign(spec, { hostIPC: true })), deniedBy("pods", "hostNetwork")],
  [
    "a node of its choice",
    withPods((spec) => Object.assign(spec, { nodeName: "node-a" })),
    deniedBy("pods", "nodeName"),
  ],
  [
    "a priority",
    withPods((spec) => Object.assign(spec, { priorityClassName: "system-node-critical" })),
    deniedBy("pods", "priorityClassName"),
  ],
  [
    "hostPath",
    withPods((spec) => Object.assign(spec, { volumes: [{ name: "workspace-volume", hostPath: { path: "/" } }] })),
    deniedBy("pods", "volumes may be"),
  ],
  [
    "a projected token",
    withPods((spec) =>
      Object.assign(spec, {
        volumes: [{ name: "workspace-volume", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }],
      }),
    ),
    deniedBy("pods", "volumes may be"),
  ],
  [
    "a privileged container",
    withSecurity({ privileged: true, allowPrivilegeEscalation: true }),
    deniedBy("pods", "privileged"),
  ],
  ["privilege escalation", withSecurity({ allowPrivilegeEscalation: true }), deniedBy("pods", "privileged")],
  [
    "a privileged init container",
    withPods((spec) =>
      Object.assign((spec["initContainers"] as Manifest[])[0] ?? {}, { securityContext: { privileged: true } }),
    ),
    deniedBy("pods", "privileged"),
  ],
  [
    "an added capability",
    withSecurity({ capabilities: { drop: ["ALL"], add: ["SYS_ADMIN"] } }),
    deniedBy("pods", "capabilities"),
  ],
  ["root", withSecurity({ runAsUser: 0 }), deniedBy("pods", "root")],
  [
    "perhaps root",
    withPods((spec) => Object.assign(spec["securityContext"] as object, { runAsNonRoot: false })),
    deniedBy("pods", "root"),
  ],
  ["no seccomp profile", withSecurity({ seccompProfile: { type: "Unconfined" } }), deniedBy("pods", "seccomp")],
  [
    "a port of the host",
    withContainer({ ports: [{ containerPort: 3001, hostPort: 3001 }] }),
    deniedBy("pods", "hostPort"),
  ],
  [
    "a load balancer",
    changed(workerObject("Service"), ({ spec }) => Object.assign(spec, { type: "LoadBalancer" })),
    deniedBy("services", "ClusterIP"),
  ],
  [
    "a port of every node",
    changed(workerObject("Service"), ({ spec }) => Object.assign(spec, { type: "NodePort" })),
    deniedBy("services", "ClusterIP"),
  ],
  [
    "a name elsewhere",
    changed(workerObject("Service"), ({ spec }) =>
      Object.assign(spec, { type: "ExternalName", externalName: "example.com" }),
    ),
    deniedBy("services", "ClusterIP"),
  ],
  [
    "an address elsewhere",
    changed(workerObject("Service"), ({ spec }) => Object.assign(spec, { externalIPs: ["192.0.2.1"] })),
    deniedBy("services", "externalIPs"),
  ],
  [
    "a Service without pods",
    changed(workerObject("Service"), ({ spec }) => Object.assign(spec, { selector: null })),
    deniedBy("services", "select its pods"),
  ],
  [
    "another's host",
    changed(workerObject("Ingress"), ({ spec }) => Object.assign(spec.rules[0], { host: "bank.example.com" })),
    deniedBy("ingresses", "domain of the repls"),
  ],
  [
    "every host",
    changed(workerObject("Ingress"), ({ spec }) => Object.assign(spec.rules[0], { host: undefined })),
    deniedBy("ingresses", "domain of the repls"),
  ],
  [
    "all repls' hosts",
    changed(workerObject("Ingress"), ({ spec }) => Object.assign(spec.rules[0], { host: "*.peetcode.com" })),
    deniedBy("ingresses", "wildcard"),
  ],
  [
    "a default backend",
    changed(workerObject("Ingress"), ({ spec }) =>
      Object.assign(spec, { defaultBackend: { service: { name: "repl1", port: { number: 1 } } } }),
    ),
    deniedBy("ingresses", "defaultBackend"),
  ],
  [
    "a snippet",
    changed(workerObject("Ingress"), ({ metadata }) =>
      Object.assign(metadata, { annotations: { "nginx.ingress.kubernetes.io/server-snippet": "return 200;" } }),
    ),
    deniedBy("ingresses", "annotations"),
  ],
];

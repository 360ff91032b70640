import { describe, expect, test } from "vitest";
import { inContainer, inPod, type Refusal, refusalOf } from "./support/refusal.ts";
import { edited } from "./support/small-template.ts";

describe("pods", () => {
  const automount = "automountServiceAccountToken must be false: a workspace gets no credentials of the cluster";
  test.each<Refusal>([
    ["hostNetwork", inPod("hostNetwork: true"), "document 1, line 15: hostNetwork is not allowed in a template"],
    ["hostPID", inPod("hostPID: true"), "document 1, line 15: hostPID is not allowed in a template"],
    ["hostIPC", inPod("hostIPC: true"), "document 1, line 15: hostIPC is not allowed in a template"],
    [
      "serviceAccountName",
      inPod("serviceAccountName: admin"),
      "document 1, line 15: serviceAccountName is not allowed in a template",
    ],
    [
      "serviceAccount",
      inPod("serviceAccount: admin"),
      "document 1, line 15: serviceAccount is not allowed in a template",
    ],
    ["nodeName", inPod("nodeName: node-1"), "document 1, line 15: nodeName is not allowed in a template"],
    [
      "priorityClassName",
      inPod("priorityClassName: system-node-critical"),
      "document 1, line 15: priorityClassName is not allowed in a template",
    ],
    [
      "ephemeralContainers",
      inPod("ephemeralContainers: []"),
      "document 1, line 15: ephemeralContainers is not allowed in a template",
    ],
    ["automount left out", edited(13, "", 1), `document 1, line 13: ${automount}`],
    ["automount on", edited(13, "      automountServiceAccountToken: true", 1), `document 1, line 14: ${automount}`],
    [
      "automount off as a word",
      edited(13, '      automountServiceAccountToken: "false"', 1),
      `document 1, line 14: ${automount}`,
    ],
    ["no pod spec", edited(12, "", 5), "document 1, line 9: spec.template.spec is missing"],
    [
      "hostPath",
      inPod("volumes:\n  - name: a\n    emptyDir: {}\n  - name: b\n    hostPath:\n      path: /"),
      "document 1, line 19: a volume of type hostPath is not allowed in a template",
    ],
    [
      "an empty hostPath",
      inPod("volumes:\n  - name: b\n    hostPath:"),
      "document 1, line 17: a volume of type hostPath is not allowed in a template",
    ],
    [
      "a projected token",
      inPod("volumes:\n  - name: b\n    projected:\n      sources: [{serviceAccountToken: {path: token}}]"),
      "document 1, line 17: a volume of type projected is not allowed in a template",
    ],
    [
      "a privileged container",
      inContainer("securityContext:\n  privileged: true"),
      "document 1, line 19: a privileged container is not allowed",
    ],
    [
      "a privileged init container",
      inPod("initContainers:\n  - name: a\n    securityContext: {privileged: true}"),
      "document 1, line 17: a privileged container is not allowed",
    ],
    [
      "allowPrivilegeEscalation",
      inContainer("securityContext:\n  allowPrivilegeEscalation: true"),
      "document 1, line 19: allowPrivilegeEscalation is not allowed",
    ],
    [
      "added capabilities",
      inContainer("securityContext:\n  capabilities:\n    add: [NET_ADMIN]"),
      "document 1, line 20: added capabilities are not allowed",
    ],
    [
      "procMount",
      inContainer("securityContext:\n  procMount: Unmasked"),
      "document 1, line 19: procMount is not allowed",
    ],
    [
      "root in a container",
      inContainer("securityContext:\n  runAsUser: 0"),
      "document 1, line 19: runAsUser 0 is root: not allowed in a template",
    ],
    [
      "root for the pod",
      inPod("securityContext:\n  runAsUser: 0x0"),
      "document 1, line 16: runAsUser 0 is root: not allowed in a template",
    ],
    [
      "runAsNonRoot: false",
      inContainer("securityContext:\n  runAsNonRoot: false"),
      "document 1, line 19: runAsNonRoot must not be false",
    ],
    [
      "seccomp off for the pod",
      inPod("securityContext:\n  seccompProfile:\n    type: Unconfined"),
      "document 1, line 17: the seccomp profile Unconfined is not allowed",
    ],
    [
      "a host process",
      inPod("securityContext:\n  windowsOptions: {hostProcess: true}"),
      "document 1, line 16: a host process is not allowed",
    ],
    [
      "hostPort",
      inContainer("ports:\n  - containerPort: 1\n  - containerPort: 2\n    hostPort: 80"),
      "document 1, line 21: hostPort is not allowed in a template",
    ],
    [
      "a literal secret",
      inContainer('env:\n  - name: HOME\n    value: /\n  - name: DB_PASSWORD\n    value: "1234"'),
      "document 1, line 22: DB_PASSWORD looks like a secret: take it from a Secret by secretKeyRef",
    ],
    [
      "a literal secret in lower case",
      inContainer("env: [{name: api_token, value: x}]"),
      "document 1, line 18: api_token looks like a secret: take it from a Secret by secretKeyRef",
    ],
  ])("%s", (_, text, refusal) => {
    expect(refusalOf(text)).toBe(refusal);
  });

  test.each(["StatefulSet", "Job"])("are looked at in a %s too", (kind) => {
    const version = kind === "Job" ? "batch/v1" : "apps/v1";
    const text = inPod("hostNetwork: true").replace("kind: Deployment", `kind: ${kind}`).replace("apps/v1", version);
    expect(refusalOf(text)).toBe("document 1, line 15: hostNetwork is not allowed in a template");
  });
});

import { asFields, asList, type Fields } from "../objects/object.ts";
import { ensureFields, orDefault } from "./kind.ts";

/** What kube-apiserver 1.35 fills into pod specs (pkg/apis/core/v1/defaults.go). All functions fill in place. */

const probeDefaults = (probe: Fields): void => {
  orDefault(probe, "timeoutSeconds", 1);
  orDefault(probe, "periodSeconds", 10);
  orDefault(probe, "successThreshold", 1);
  orDefault(probe, "failureThreshold", 3);
  const get = probe["httpGet"];
  if (get !== undefined) {
    orDefault(asFields(get), "path", "/");
    orDefault(asFields(get), "scheme", "HTTP");
  }
};

/** No tag and `latest` are pulled always, anything else when absent. */
function pullPolicy(image: unknown): string {
  const reference = String(image).split("@")[0] ?? "";
  const tag = reference.slice(reference.lastIndexOf("/") + 1).split(":")[1];
  const pinned = String(image).includes("@");
  return !pinned && (tag === undefined || tag === "latest") ? "Always" : "IfNotPresent";
}

function resourceDefaults(container: Fields): void {
  const resources = ensureFields(container, "resources");
  const limits = asFields(resources["limits"]);
  for (const [name, amount] of Object.entries(limits)) orDefault(ensureFields(resources, "requests"), name, amount);
}

function containerDefaults(container: Fields): void {
  resourceDefaults(container);
  orDefault(container, "terminationMessagePath", "/dev/termination-log");
  orDefault(container, "terminationMessagePolicy", "File");
  if (container["image"] !== undefined) orDefault(container, "imagePullPolicy", pullPolicy(container["image"]));
  for (const port of asList(container["ports"])) orDefault(asFields(port), "protocol", "TCP");
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"])
    if (container[name] !== undefined) probeDefaults(asFields(container[name]));
  for (const entry of asList(container["env"])) {
    const from = asFields(asFields(entry)["valueFrom"]);
    if (from["fieldRef"] !== undefined) orDefault(asFields(from["fieldRef"]), "apiVersion", "v1");
  }
}

const DEFAULT_MODE = 0o644;

function volumeDefaults(volume: Fields): void {
  const sources = ["configMap", "secret", "projected", "downwardAPI"];
  if (!Object.keys(volume).some((field) => field !== "name")) volume["emptyDir"] = {};
  for (const source of sources)
    if (volume[source] !== undefined) orDefault(asFields(volume[source]), "defaultMode", DEFAULT_MODE);
  if (volume["hostPath"] !== undefined) orDefault(asFields(volume["hostPath"]), "type", "");
}

/** Fills a pod spec, alone or inside a template. */
export function podSpecDefaults(spec: Fields): void {
  orDefault(spec, "restartPolicy", "Always");
  orDefault(spec, "terminationGracePeriodSeconds", 30);
  orDefault(spec, "dnsPolicy", "ClusterFirst");
  orDefault(spec, "securityContext", {});
  orDefault(spec, "schedulerName", "default-scheduler");
  for (const list of ["initContainers", "containers"])
    for (const container of asList(spec[list])) containerDefaults(asFields(container));
  for (const volume of asList(spec["volumes"])) volumeDefaults(asFields(volume));
  const account = spec["serviceAccountName"] ?? spec["serviceAccount"];
  if (account !== undefined) {
    spec["serviceAccountName"] = account;
    spec["serviceAccount"] = account;
  }
}

/** Fills `spec.template` of a workload. */
export function templateDefaults(spec: Fields): void {
  const template = ensureFields(spec, "template");
  ensureFields(template, "metadata");
  podSpecDefaults(ensureFields(template, "spec"));
}

/** What admission adds to a pod itself: service account, priority and the two tolerations. */
export function podAdmissionDefaults(spec: Fields): void {
  orDefault(spec, "serviceAccountName", "default");
  orDefault(spec, "serviceAccount", spec["serviceAccountName"]);
  orDefault(spec, "enableServiceLinks", true);
  orDefault(spec, "priority", 0);
  orDefault(spec, "preemptionPolicy", "PreemptLowerPriority");
  orDefault(
    spec,
    "tolerations",
    ["not-ready", "unreachable"].map((taint) => ({
      key: `node.kubernetes.io/${taint}`,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: 300,
    })),
  );
}

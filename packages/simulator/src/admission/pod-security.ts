import { type Admission, type Cluster, read } from "../api/cluster.ts";
import { forbidden } from "../errors/errors.ts";
import { namespaces } from "../kinds/namespace.ts";
import { pods } from "../kinds/pod.ts";
import { asFields, asList, type Fields } from "../objects/object.ts";

/** The label of a namespace by which its pods are judged. */
const ENFORCE = "pod-security.kubernetes.io/enforce";

/** One rule of a level: what is wrong with a pod, in the words of k8s.io/pod-security-admission `policy`. */
type Check = (spec: Fields) => string | undefined;

const containersOf = (spec: Fields): readonly Fields[] =>
  ["initContainers", "containers"].flatMap((list) => asList(spec[list]).map(asFields));
const securityOf = (holder: Fields): Fields => asFields(holder["securityContext"]);
const capabilitiesOf = (container: Fields): Fields => asFields(securityOf(container)["capabilities"]);
const quoted = (names: readonly unknown[]): string => names.map((name) => `"${String(name)}"`).join(", ");

function named(containers: readonly Fields[]): string {
  const plural = containers.length > 1 ? "s" : "";
  return `container${plural} ${quoted(containers.map(({ name }) => name))}`;
}

function complaint(about: string, ...reasons: readonly (string | undefined)[]): string | undefined {
  const given = reasons.filter((reason) => reason !== undefined);
  return given.length === 0 ? undefined : `${about} (${given.join("; ")})`;
}

/** What a container adds although only some may be added. */
function added(spec: Fields, allowed: ReadonlySet<string>): string | undefined {
  const culprits = containersOf(spec).flatMap((container) => {
    const names = asList(capabilitiesOf(container)["add"]).map(String);
    const wrong = names.filter((name) => !allowed.has(name)).sort();
    return wrong.length === 0 ? [] : [{ container, wrong }];
  });
  if (culprits.length === 0) return undefined;
  const wrong = [...new Set(culprits.flatMap((culprit) => culprit.wrong))].sort();
  const who = named(culprits.map(({ container }) => container));
  return `${who} must not include ${quoted(wrong)} in securityContext.capabilities.add`;
}

const BASELINE_CAPABILITIES = new Set([
  ...["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"],
  ...["SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"],
]);

const defaultCapabilities: Check = (spec) => complaint("non-default capabilities", added(spec, BASELINE_CAPABILITIES));

const hostNamespaces: Check = (spec) => {
  const used = ["hostNetwork", "hostPID", "hostIPC"].filter((field) => spec[field] === true);
  return used.length === 0 ? undefined : complaint("host namespaces", used.map((field) => `${field}=true`).join(", "));
};

const hostPath: Check = (spec) => {
  const used = asList(spec["volumes"])
    .map(asFields)
    .filter((volume) => volume["hostPath"] !== undefined);
  const plural = used.length > 1 ? "s" : "";
  return used.length === 0
    ? undefined
    : complaint("hostPath volumes", `volume${plural} ${quoted(used.map(({ name }) => name))}`);
};

const hostPort: Check = (spec) => {
  const used = containersOf(spec).flatMap((container) =>
    asList(container["ports"]).flatMap((port) => (asFields(port)["hostPort"] ? [{ container, port }] : [])),
  );
  if (used.length === 0) return undefined;
  const ports = used.map(({ port }) => String(asFields(port)["hostPort"])).join(", ");
  const plural = used.length > 1 ? "s" : "";
  return complaint("hostPort", `${named(used.map(({ container }) => container))} uses hostPort${plural} ${ports}`);
};

const noEscalation: Check = (spec) => {
  const silent = containersOf(spec).filter((each) => securityOf(each)["allowPrivilegeEscalation"] !== false);
  return silent.length === 0
    ? undefined
    : complaint(
        "allowPrivilegeEscalation != false",
        `${named(silent)} must set securityContext.allowPrivilegeEscalation=false`,
      );
};

const noCapabilities: Check = (spec) => {
  const keeping = containersOf(spec).filter((each) => !asList(capabilitiesOf(each)["drop"]).includes("ALL"));
  return complaint(
    "unrestricted capabilities",
    keeping.length === 0 ? undefined : `${named(keeping)} must set securityContext.capabilities.drop=["ALL"]`,
    added(spec, new Set(["NET_BIND_SERVICE"])),
  );
};

const VOLUMES = new Set([
  ...["name", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected"],
  ...["secret", "image"],
]);

const volumeTypes: Check = (spec) => {
  const wrong = asList(spec["volumes"])
    .map(asFields)
    .flatMap((volume) => {
      const type = Object.keys(volume).find((field) => !VOLUMES.has(field));
      return type === undefined ? [] : [`volume "${volume["name"]}" uses restricted volume type "${type}"`];
    });
  return complaint("restricted volume types", ...wrong);
};

const nonRoot: Check = (spec) => {
  const refusing = containersOf(spec).filter((each) => securityOf(each)["runAsNonRoot"] === false);
  if (refusing.length > 0)
    return complaint("runAsNonRoot != true", `${named(refusing)} must not set securityContext.runAsNonRoot=false`);
  if (securityOf(spec)["runAsNonRoot"] === true) return undefined;
  const silent = containersOf(spec).filter((each) => securityOf(each)["runAsNonRoot"] !== true);
  return silent.length === 0
    ? undefined
    : complaint("runAsNonRoot != true", `pod or ${named(silent)} must set securityContext.runAsNonRoot=true`);
};

const notUserZero: Check = (spec) => {
  const asRoot = containersOf(spec).filter((each) => securityOf(each)["runAsUser"] === 0);
  return complaint(
    "runAsUser=0",
    securityOf(spec)["runAsUser"] === 0 ? "pod must not set runAsUser=0" : undefined,
    asRoot.length === 0 ? undefined : `${named(asRoot)} must not set runAsUser=0`,
  );
};

const profileOf = (holder: Fields): unknown => asFields(securityOf(holder)["seccompProfile"])["type"];

const confined: Check = (spec) => {
  const open = containersOf(spec).filter((each) => profileOf(each) === "Unconfined");
  const must = `must not set securityContext.seccompProfile.type to "Unconfined"`;
  return complaint(
    "seccompProfile",
    profileOf(spec) === "Unconfined" ? `pod ${must}` : undefined,
    open.length === 0 ? undefined : `${named(open)} ${must}`,
  );
};

const profiled: Check = (spec) => {
  const found = confined(spec);
  if (found !== undefined || profileOf(spec) !== undefined) return found;
  const silent = containersOf(spec).filter((each) => profileOf(each) === undefined);
  return silent.length === 0
    ? undefined
    : complaint(
        "seccompProfile",
        `pod or ${named(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
      );
};

/** The levels with their checks, in the order in which the server names them. */
const LEVELS: Readonly<Record<string, readonly Check[]>> = {
  baseline: [defaultCapabilities, hostNamespaces, hostPath, hostPort, confined],
  restricted: [
    ...[hostNamespaces, hostPort, noEscalation, noCapabilities],
    ...[volumeTypes, nonRoot, notUserZero, profiled],
  ],
};

/** Refuses the pods that their namespace's Pod Security level does not allow; versions and the other modes are unknown. */
export const podSecurityAdmission =
  (cluster: () => Cluster): Admission =>
  (kind, object) => {
    if (kind !== pods) return;
    const { namespace = "", name } = object.metadata;
    const holder = read(cluster(), namespaces, { namespace: "", name: namespace });
    const level = holder?.metadata.labels?.[ENFORCE] ?? "";
    const wrong = (LEVELS[level] ?? []).flatMap((check) => check(asFields(object.spec)) ?? []);
    if (wrong.length > 0) throw forbidden(kind, name, `violates PodSecurity "${level}:latest": ${wrong.join(", ")}`);
  };

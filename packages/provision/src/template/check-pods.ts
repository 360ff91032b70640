import { at, isObject, listAt } from "../json.ts";
import { KIND_RULES } from "../kinds.ts";
import type { Path, TemplateDocument } from "./document.ts";
import type { TemplateProblem } from "./template-error.ts";

/** What a pod may not ask for: each opens a way from a user's code to the node or to the cluster. */
const FORBIDDEN_IN_SPEC: readonly { field: string; unless?: unknown }[] = [
  { field: "hostNetwork", unless: false },
  { field: "hostPID", unless: false },
  { field: "hostIPC", unless: false },
  { field: "hostUsers", unless: false },
  { field: "serviceAccountName" },
  { field: "serviceAccount" },
  { field: "ephemeralContainers" },
  { field: "nodeName" },
  { field: "priorityClassName" },
];

/** Kinds of volume that stay within the namespace and bring no token. */
const ALLOWED_VOLUMES = new Set([
  "name",
  "emptyDir",
  "configMap",
  "secret",
  "persistentVolumeClaim",
  "downwardAPI",
  "ephemeral",
]);

const SECRET_NAME = /SECRET|PASSWORD|PASSWD|TOKEN|CREDENTIAL|PRIVATE_KEY|ACCESS_KEY|API_KEY/i;

/** Host access, privileges, credentials of the cluster and literal secrets in a workload's pods. */
export function checkPods(document: TemplateDocument): TemplateProblem[] {
  const path = KIND_RULES[String(document.tree.kind)]?.podTemplate ?? [];
  if (path.length === 0) return [];
  const spec = [...path, "spec"];
  if (!isObject(at(document.tree, ...spec))) return [document.problem(path, `${spec.join(".")} is missing`)];
  return [
    ...checkSpec(document, spec),
    ...checkSecurity(document, spec),
    ...checkVolumes(document, [...spec, "volumes"]),
    ...containersOf(document, spec).flatMap((container) => checkContainer(document, container)),
  ];
}

function checkSpec({ tree, problem }: TemplateDocument, spec: Path): TemplateProblem[] {
  const forbidden = FORBIDDEN_IN_SPEC.filter(({ field, unless }) => {
    const value = at(tree, ...spec, field);
    return value !== undefined && value !== unless;
  }).map(({ field }) => problem([...spec, field], `${field} is not allowed in a template`));
  if (at(tree, ...spec, "automountServiceAccountToken") === false) return forbidden;
  const message = "automountServiceAccountToken must be false: a workspace gets no credentials of the cluster";
  return [...forbidden, problem([...spec, "automountServiceAccountToken"], message)];
}

function checkVolumes({ tree, problem }: TemplateDocument, path: Path): TemplateProblem[] {
  return listAt(tree, ...path).flatMap((volume, index) =>
    Object.keys(isObject(volume) ? volume : {})
      .filter((key) => !ALLOWED_VOLUMES.has(key))
      .map((key) => problem([...path, index, key], `a volume of type ${key} is not allowed in a template`)),
  );
}

function containersOf({ tree }: TemplateDocument, spec: Path): Path[] {
  return ["initContainers", "containers"].flatMap((list) =>
    listAt(tree, ...spec, list).map((_, index) => [...spec, list, index]),
  );
}

function checkContainer(document: TemplateDocument, path: Path): TemplateProblem[] {
  const { tree, problem } = document;
  const hostPorts = listAt(tree, ...path, "ports").flatMap((port, index) =>
    at(port, "hostPort") === undefined
      ? []
      : [problem([...path, "ports", index, "hostPort"], "hostPort is not allowed in a template")],
  );
  return [...checkSecurity(document, path), ...hostPorts, ...checkEnvironment(document, [...path, "env"])];
}

/** What neither a pod's nor a container's securityContext may say. */
const FORBIDDEN_SECURITY: readonly { path: Path; isBad(value: unknown): boolean; message: string }[] = [
  { path: ["privileged"], isBad: (value) => value === true, message: "a privileged container is not allowed" },
  {
    path: ["allowPrivilegeEscalation"],
    isBad: (value) => value === true,
    message: "allowPrivilegeEscalation is not allowed",
  },
  { path: ["procMount"], isBad: (value) => value !== "Default", message: "procMount is not allowed" },
  {
    path: ["capabilities", "add"],
    isBad: (value) => !Array.isArray(value) || value.length > 0,
    message: "added capabilities are not allowed",
  },
  { path: ["runAsUser"], isBad: (value) => value === 0, message: "runAsUser 0 is root: not allowed in a template" },
  { path: ["runAsNonRoot"], isBad: (value) => value === false, message: "runAsNonRoot must not be false" },
  {
    path: ["seccompProfile", "type"],
    isBad: (value) => value === "Unconfined",
    message: "the seccomp profile Unconfined is not allowed",
  },
  {
    path: ["windowsOptions", "hostProcess"],
    isBad: (value) => value === true,
    message: "a host process is not allowed",
  },
];

function checkSecurity({ tree, problem }: TemplateDocument, holder: Path): TemplateProblem[] {
  return FORBIDDEN_SECURITY.flatMap(({ path, isBad, message }) => {
    const place = [...holder, "securityContext", ...path];
    const value = at(tree, ...place);
    return value !== undefined && isBad(value) ? [problem(place, message)] : [];
  });
}

function checkEnvironment({ tree, problem }: TemplateDocument, path: Path): TemplateProblem[] {
  return listAt(tree, ...path).flatMap((variable, index) => {
    const name = String(at(variable, "name"));
    if (at(variable, "value") === undefined || !SECRET_NAME.test(name)) return [];
    return [problem([...path, index, "value"], `${name} looks like a secret: take it from a Secret by secretKeyRef`)];
  });
}

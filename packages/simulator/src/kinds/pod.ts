import { isDeepStrictEqual } from "node:util";
import type { Cause } from "../errors/api-error.ts";
import { forbiddenValue } from "../errors/causes.ts";
import { asFields, asList, type KubeObject } from "../objects/object.ts";
import { ageColumn, type Column, nameColumn } from "./column.ts";
import { defineKind, ensureFields, orDefault } from "./kind.ts";
import { podAdmissionDefaults, podSpecDefaults } from "./pod-defaults.ts";
import type { ContainerStatus, PodSpec, PodStatus } from "./pod-types.ts";
import { checkPodSpec } from "./pod-validation.ts";

function fillDefaults(draft: KubeObject): void {
  const spec = ensureFields(draft, "spec");
  podSpecDefaults(spec);
  podAdmissionDefaults(spec);
  const status = ensureFields(draft, "status");
  orDefault(status, "phase", "Pending");
}

const CHANGEABLE = ["activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations"];

/** A pod's spec with what may change taken out. */
function fixedPart(object: KubeObject): unknown {
  const spec = { ...asFields(object.spec) };
  for (const field of CHANGEABLE) delete spec[field];
  for (const list of ["containers", "initContainers"])
    spec[list] = asList(spec[list]).map((container) => ({
      ...asFields(container),
      image: undefined,
    }));
  return spec;
}

function checkUpdate(next: KubeObject, current: KubeObject): readonly Cause[] {
  const binding = asFields(current.spec)["nodeName"] === undefined && asFields(next.spec)["nodeName"] !== undefined;
  if (binding || isDeepStrictEqual(fixedPart(next), fixedPart(current))) return [];
  return [
    forbiddenValue(
      "spec",
      "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    ),
  ];
}

const reasonOf = (status: ContainerStatus): string | undefined =>
  status.state.waiting?.reason ?? status.state.terminated?.reason;

function initProgress(spec: PodSpec, status: PodStatus): string | undefined {
  const inits = status.initContainerStatuses ?? [];
  const index = inits.findIndex((init) => init.state.terminated?.exitCode !== 0);
  const current = inits[index];
  if (current === undefined) return undefined;
  const reason = reasonOf(current);
  if (reason === undefined || reason === "PodInitializing") return `Init:${index}/${spec.initContainers?.length ?? 0}`;
  return `Init:${reason}`;
}

/** The STATUS column of `kubectl get pods`. */
function phaseText({ metadata, spec, status }: KubeObject): string {
  const state = asFields(status) as unknown as PodStatus;
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  if (state.reason !== undefined) return state.reason;
  const init = initProgress(asFields(spec) as unknown as PodSpec, state);
  if (init !== undefined) return init;
  const reasons = (state.containerStatuses ?? []).map(reasonOf);
  return reasons.find((reason) => reason !== undefined) ?? state.phase;
}

const containerStatuses = (pod: KubeObject): readonly ContainerStatus[] =>
  asList(asFields(pod.status)["containerStatuses"]) as ContainerStatus[];

const columns: readonly Column[] = [
  nameColumn,
  {
    name: "Ready",
    value: (pod) =>
      `${containerStatuses(pod).filter(({ ready }) => ready).length}/${asList(asFields(pod.spec)["containers"]).length}`,
  },
  { name: "Status", value: phaseText },
  {
    name: "Restarts",
    value: (pod) => containerStatuses(pod).reduce((sum, each) => sum + each.restartCount, 0),
  },
  ageColumn,
  {
    name: "IP",
    wide: true,
    value: ({ status }) => String(asFields(status)["podIP"] ?? "<none>"),
  },
  {
    name: "Node",
    wide: true,
    value: ({ spec }) => String(asFields(spec)["nodeName"] ?? "<none>"),
  },
];

export const pods = defineKind({
  group: "",
  version: "v1",
  plural: "pods",
  kind: "Pod",
  shortNames: ["po"],
  generation: true,
  status: true,
  returnsDeleted: true,
  selectableFields: ["spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", "status.phase", "status.podIP"],
  columns,
  fillDefaults,
  validate: ({ spec }) => checkPodSpec("spec", asFields(spec)),
  validateUpdate: checkUpdate,
});

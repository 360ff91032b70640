import { asFields, type KubeObject } from "../objects/object.ts";
import { ageColumn, type Column, nameColumn } from "./column.ts";
import { defineKind, ensureFields, orDefault } from "./kind.ts";
import { checkSelectorKept, checkWorkload, workloadDefaults } from "./workload.ts";

function fillDefaults(draft: KubeObject): void {
  const spec = workloadDefaults(draft);
  const strategy = ensureFields(spec, "strategy");
  orDefault(strategy, "type", "RollingUpdate");
  if (strategy["type"] === "RollingUpdate") {
    const rolling = ensureFields(strategy, "rollingUpdate");
    orDefault(rolling, "maxUnavailable", "25%");
    orDefault(rolling, "maxSurge", "25%");
  }
  orDefault(spec, "revisionHistoryLimit", 10);
  orDefault(spec, "progressDeadlineSeconds", 600);
}

const count = (value: unknown): number => Number(value ?? 0);

const columns: readonly Column[] = [
  nameColumn,
  {
    name: "Ready",
    value: ({ spec, status }) => `${count(asFields(status)["readyReplicas"])}/${count(asFields(spec)["replicas"])}`,
  },
  {
    name: "Up-to-date",
    value: ({ status }) => count(asFields(status)["updatedReplicas"]),
  },
  {
    name: "Available",
    value: ({ status }) => count(asFields(status)["availableReplicas"]),
  },
  ageColumn,
];

export const deployments = defineKind({
  group: "apps",
  version: "v1",
  plural: "deployments",
  kind: "Deployment",
  shortNames: ["deploy"],
  generation: true,
  status: true,
  columns,
  fillDefaults,
  validate: checkWorkload,
  validateUpdate: checkSelectorKept,
});

export const replicaSets = defineKind({
  group: "apps",
  version: "v1",
  plural: "replicasets",
  kind: "ReplicaSet",
  shortNames: ["rs"],
  generation: true,
  status: true,
  selectableFields: ["status.replicas"],
  columns: [
    nameColumn,
    {
      name: "Desired",
      value: ({ spec }) => count(asFields(spec)["replicas"]),
    },
    {
      name: "Current",
      value: ({ status }) => count(asFields(status)["replicas"]),
    },
    {
      name: "Ready",
      value: ({ status }) => count(asFields(status)["readyReplicas"]),
    },
    ageColumn,
  ],
  fillDefaults: (draft) => {
    workloadDefaults(draft);
  },
  validate: checkWorkload,
  validateUpdate: checkSelectorKept,
});

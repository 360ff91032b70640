import { isDeepStrictEqual } from "node:util";
import type { Cause } from "../errors/api-error.ts";
import { forbiddenValue } from "../errors/causes.ts";
import { asFields, type KubeObject } from "../objects/object.ts";
import { ageColumn, nameColumn } from "./column.ts";
import { defineKind, ensureFields, orDefault } from "./kind.ts";
import { checkWorkload, workloadDefaults } from "./workload.ts";

const MUTABLE = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
];

function checkUpdate(next: KubeObject, current: KubeObject): readonly Cause[] {
  const before = asFields(current.spec);
  const after = asFields(next.spec);
  const changed = Object.keys({ ...before, ...after }).some(
    (field) => !MUTABLE.includes(field) && !isDeepStrictEqual(before[field], after[field]),
  );
  const quoted = MUTABLE.map((field) => `'${field}'`);
  const allowed = `${quoted.slice(0, -1).join(", ")} and ${quoted.at(-1)}`;
  return changed
    ? [forbiddenValue("spec", `updates to statefulset spec for fields other than ${allowed} are forbidden`)]
    : [];
}

function fillDefaults(draft: KubeObject): void {
  const spec = workloadDefaults(draft);
  orDefault(spec, "podManagementPolicy", "OrderedReady");
  const strategy = ensureFields(spec, "updateStrategy");
  orDefault(strategy, "type", "RollingUpdate");
  if (strategy["type"] === "RollingUpdate") orDefault(ensureFields(strategy, "rollingUpdate"), "partition", 0);
  orDefault(spec, "revisionHistoryLimit", 10);
  orDefault(spec, "persistentVolumeClaimRetentionPolicy", {
    whenDeleted: "Retain",
    whenScaled: "Retain",
  });
}

export const statefulSets = defineKind({
  group: "apps",
  version: "v1",
  plural: "statefulsets",
  kind: "StatefulSet",
  shortNames: ["sts"],
  generation: true,
  status: true,
  columns: [
    nameColumn,
    {
      name: "Ready",
      value: ({ spec, status }) => `${asFields(status)["readyReplicas"] ?? 0}/${asFields(spec)["replicas"] ?? 0}`,
    },
    ageColumn,
  ],
  fillDefaults,
  validate: checkWorkload,
  validateUpdate: checkUpdate,
});

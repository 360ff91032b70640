import { isDeepStrictEqual } from "node:util";
import type { Cause } from "../errors/api-error.ts";
import { immutable } from "../errors/causes.ts";
import { asFields, type KubeObject } from "../objects/object.ts";
import { ageColumn, nameColumn } from "./column.ts";
import { defineKind, ensureFields, orDefault } from "./kind.ts";
import { templateDefaults } from "./pod-defaults.ts";
import { checkPodSpec } from "./pod-validation.ts";

const JOB_LABELS = ["controller-uid", "job-name"];

/** The server itself labels the pods of a Job and selects them by its uid. */
function fillDefaults(draft: KubeObject): void {
  const spec = ensureFields(draft, "spec");
  templateDefaults(spec);
  orDefault(spec, "parallelism", 1);
  orDefault(spec, "completions", 1);
  orDefault(spec, "backoffLimit", 6);
  orDefault(spec, "completionMode", "NonIndexed");
  orDefault(spec, "suspend", false);
  orDefault(spec, "podReplacementPolicy", "TerminatingOrFailed");
  orDefault(draft, "status", {});
  const uid = draft.metadata.uid;
  orDefault(spec, "selector", {
    matchLabels: { "batch.kubernetes.io/controller-uid": uid },
  });
  const labels = ensureFields(ensureFields(ensureFields(spec, "template"), "metadata"), "labels");
  for (const label of JOB_LABELS) {
    const value = label === "job-name" ? draft.metadata.name : uid;
    orDefault(labels, label, value);
    orDefault(labels, `batch.kubernetes.io/${label}`, value);
  }
}

function checkUpdate(next: KubeObject, current: KubeObject): readonly Cause[] {
  return ["completions", "selector", "template"].flatMap((field) => {
    const value = asFields(next.spec)[field];
    return isDeepStrictEqual(value, asFields(current.spec)[field]) ? [] : [immutable(`spec.${field}`, value)];
  });
}

export const jobs = defineKind({
  group: "batch",
  version: "v1",
  plural: "jobs",
  kind: "Job",
  generation: true,
  status: true,
  propagation: "Orphan",
  selectableFields: ["status.successful"],
  columns: [
    nameColumn,
    {
      name: "Completions",
      value: ({ spec, status }) => `${asFields(status)["succeeded"] ?? 0}/${asFields(spec)["completions"] ?? 1}`,
    },
    ageColumn,
  ],
  fillDefaults,
  validate: ({ spec }) =>
    checkPodSpec("spec.template.spec", asFields(asFields(asFields(spec)["template"])["spec"]), ["Never", "OnFailure"]),
  validateUpdate: checkUpdate,
});

import { invalidValue } from "../errors/causes.ts";
import { asFields } from "../objects/object.ts";
import { ageColumn, nameColumn } from "./column.ts";
import { defineKind, ensureFields, orDefault } from "./kind.ts";

const LEVEL = "pod-security.kubernetes.io/enforce";
const LEVELS = ["privileged", "baseline", "restricted"];

export const namespaces = defineKind({
  group: "",
  version: "v1",
  plural: "namespaces",
  kind: "Namespace",
  shortNames: ["ns"],
  namespaced: false,
  status: true,
  nameRule: "label",
  selectableFields: ["status.phase"],
  columns: [
    nameColumn,
    {
      name: "Status",
      value: ({ status }) => String(asFields(status)["phase"]),
    },
    ageColumn,
  ],
  fillDefaults: (draft) => {
    orDefault(ensureFields(draft, "spec"), "finalizers", ["kubernetes"]);
    orDefault(ensureFields(draft, "status"), "phase", "Active");
    draft.metadata.labels = {
      ...draft.metadata.labels,
      "kubernetes.io/metadata.name": draft.metadata.name,
    };
  },
  validate: ({ metadata: { labels } }) => {
    const level = labels?.[LEVEL];
    if (level === undefined || LEVELS.includes(level)) return [];
    return [invalidValue(`metadata.labels[${LEVEL}]`, level, `must be one of ${LEVELS.join(", ")}`)];
  },
});

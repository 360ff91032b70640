import type { Condition } from "../objects/conditions.ts";
import { asFields, asList } from "../objects/object.ts";
import { ageColumn, nameColumn } from "./column.ts";
import { defineKind, ensureFields } from "./kind.ts";

const isReady = (status: unknown): boolean =>
  (asList(asFields(status)["conditions"]) as Condition[]).some(
    (entry) => entry.type === "Ready" && entry.status === "True",
  );

export const nodes = defineKind({
  group: "",
  version: "v1",
  plural: "nodes",
  kind: "Node",
  shortNames: ["no"],
  namespaced: false,
  status: true,
  statusOnCreate: true,
  selectableFields: ["spec.unschedulable"],
  columns: [
    nameColumn,
    {
      name: "Status",
      value: ({ spec, status }) =>
        `${isReady(status) ? "Ready" : "NotReady"}${asFields(spec)["unschedulable"] === true ? ",SchedulingDisabled" : ""}`,
    },
    { name: "Roles", value: () => "<none>" },
    ageColumn,
    {
      name: "Version",
      value: ({ status }) => String(asFields(asFields(status)["nodeInfo"])["kubeletVersion"] ?? ""),
    },
  ],
  fillDefaults: (draft) => {
    ensureFields(draft, "spec");
    ensureFields(draft, "status");
  },
});

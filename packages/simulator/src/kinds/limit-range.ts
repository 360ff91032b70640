import { asFields, asList } from "../objects/object.ts";
import { ageColumn, nameColumn } from "./column.ts";
import { defineKind, ensureFields, orDefault } from "./kind.ts";

export const limitRanges = defineKind({
  group: "",
  version: "v1",
  plural: "limitranges",
  kind: "LimitRange",
  shortNames: ["limits"],
  columns: [nameColumn, ageColumn],
  // pkg/apis/core/v1/defaults.go: the most is the default limit, the default limit or else the least the default request.
  fillDefaults: (draft) => {
    const limits = asList(ensureFields(draft, "spec")["limits"]).map(asFields);
    for (const limit of limits.filter(({ type }) => type === "Container")) {
      const fill = (side: string, from: string) => {
        for (const [name, amount] of Object.entries(asFields(limit[from])))
          orDefault(ensureFields(limit, side), name, amount);
      };
      fill("default", "max");
      fill("defaultRequest", "default");
      fill("defaultRequest", "min");
    }
  },
});

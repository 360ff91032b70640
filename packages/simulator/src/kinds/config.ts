import { isDeepStrictEqual } from "node:util";
import type { Cause } from "../errors/api-error.ts";
import { forbiddenValue, immutable } from "../errors/causes.ts";
import { asFields, isEmpty, type KubeObject } from "../objects/object.ts";
import { ageColumn, nameColumn } from "./column.ts";
import { defineKind, orDefault } from "./kind.ts";

/** ConfigMap, Secret and ServiceAccount: data without behaviour. */

function checkFrozen(next: KubeObject, current: KubeObject): readonly Cause[] {
  if (current["immutable"] !== true) return [];
  return ["data", "binaryData"].flatMap((field) =>
    isDeepStrictEqual(next[field], current[field])
      ? []
      : [forbiddenValue(field, "field is immutable when `immutable` is set")],
  );
}

const dataColumn = {
  name: "Data",
  value: (object: KubeObject) =>
    Object.keys(asFields(object["data"])).length + Object.keys(asFields(object["binaryData"])).length,
};

export const configMaps = defineKind({
  group: "",
  version: "v1",
  plural: "configmaps",
  kind: "ConfigMap",
  shortNames: ["cm"],
  columns: [nameColumn, dataColumn, ageColumn],
  validateUpdate: checkFrozen,
});

function secretDefaults(draft: KubeObject): void {
  orDefault(draft, "type", "Opaque");
  const text = asFields(draft["stringData"]);
  if (!isEmpty(text)) {
    const encoded = Object.entries(text).map(([key, value]) => [key, Buffer.from(String(value)).toString("base64")]);
    draft["data"] = {
      ...asFields(draft["data"]),
      ...Object.fromEntries(encoded),
    };
  }
  delete draft["stringData"];
}

export const secrets = defineKind({
  group: "",
  version: "v1",
  plural: "secrets",
  kind: "Secret",
  selectableFields: ["type"],
  columns: [nameColumn, { name: "Type", value: (object) => String(object["type"]) }, dataColumn, ageColumn],
  fillDefaults: secretDefaults,
  validateUpdate: (next, current) => [
    ...(next["type"] === current["type"] ? [] : [immutable("type", next["type"])]),
    ...checkFrozen(next, current),
  ],
});

export const serviceAccounts = defineKind({
  group: "",
  version: "v1",
  plural: "serviceaccounts",
  kind: "ServiceAccount",
  shortNames: ["sa"],
  returnsDeleted: true,
  columns: [nameColumn, ageColumn],
});

import { isDeepStrictEqual } from "node:util";
import { forbiddenValue } from "../errors/causes.ts";
import { asFields, asList, type KubeObject } from "../objects/object.ts";
import { ageColumn, nameColumn } from "./column.ts";
import { defineKind, ensureFields, orDefault } from "./kind.ts";

/** Kinds with little behaviour of their own. */

export const resourceQuotas = defineKind({
  group: "",
  version: "v1",
  plural: "resourcequotas",
  kind: "ResourceQuota",
  shortNames: ["quota"],
  status: true,
  returnsDeleted: true,
  columns: [nameColumn, ageColumn],
  fillDefaults: (draft) => {
    ensureFields(draft, "spec");
    ensureFields(draft, "status");
  },
});

/** Only the requested size may grow. */
function checkClaimUpdate(next: KubeObject, current: KubeObject) {
  const fixed = (object: KubeObject) => ({
    ...asFields(object.spec),
    resources: undefined,
    volumeName: undefined,
  });
  return isDeepStrictEqual(fixed(next), fixed(current))
    ? []
    : [
        forbiddenValue(
          "spec",
          "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
        ),
      ];
}

export const persistentVolumeClaims = defineKind({
  group: "",
  version: "v1",
  plural: "persistentvolumeclaims",
  kind: "PersistentVolumeClaim",
  shortNames: ["pvc"],
  status: true,
  returnsDeleted: true,
  columns: [
    nameColumn,
    {
      name: "Status",
      value: ({ status }) => String(asFields(status)["phase"] ?? ""),
    },
    ageColumn,
  ],
  fillDefaults: (draft) => {
    orDefault(ensureFields(draft, "spec"), "volumeMode", "Filesystem");
    orDefault(ensureFields(draft, "status"), "phase", "Pending");
  },
  validateUpdate: checkClaimUpdate,
});

export const events = defineKind({
  group: "",
  version: "v1",
  plural: "events",
  kind: "Event",
  shortNames: ["ev"],
  nameRule: "any",
  selectableFields: [
    ...["kind", "namespace", "name", "uid", "apiVersion"].map((field) => `involvedObject.${field}`),
    ...["involvedObject.resourceVersion", "involvedObject.fieldPath"],
    ...["reason", "reportingComponent", "source", "type"],
  ],
  columns: [
    {
      name: "Last Seen",
      value: (object) => ageColumn.value(object),
    },
    { name: "Type", value: (object) => String(object["type"] ?? "") },
    { name: "Reason", value: (object) => String(object["reason"] ?? "") },
    {
      name: "Object",
      value: (object) => {
        const involved = asFields(object["involvedObject"]);
        return `${String(involved["kind"]).toLowerCase()}/${involved["name"]}`;
      },
    },
    { name: "Message", value: (object) => String(object["message"] ?? "") },
  ],
  fillDefaults: (draft) => {
    orDefault(draft, "source", {});
  },
});

export const networkPolicies = defineKind({
  group: "networking.k8s.io",
  version: "v1",
  plural: "networkpolicies",
  kind: "NetworkPolicy",
  shortNames: ["netpol"],
  generation: true,
  columns: [nameColumn, ageColumn],
  fillDefaults: (draft) => {
    const spec = ensureFields(draft, "spec");
    const types = asList(spec["egress"]).length === 0 ? [] : ["Egress"];
    orDefault(spec, "policyTypes", ["Ingress", ...types]);
    ensureFields(spec, "podSelector");
    for (const direction of ["ingress", "egress"])
      for (const rule of asList(spec[direction]))
        for (const port of asList(asFields(rule)["ports"])) orDefault(asFields(port), "protocol", "TCP");
  },
});

/** Known only where the Gateway API's definitions are installed. */
export const httpRoutes = defineKind({
  group: "gateway.networking.k8s.io",
  version: "v1",
  plural: "httproutes",
  kind: "HTTPRoute",
  generation: true,
  status: true,
  typed: false,
  columns: [nameColumn, ageColumn],
});

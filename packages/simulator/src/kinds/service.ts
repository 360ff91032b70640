import { isDeepStrictEqual } from "node:util";
import type { Cause } from "../errors/api-error.ts";
import { duplicate, invalidValue, required } from "../errors/causes.ts";
import { asFields, asList, type Fields, type KubeObject } from "../objects/object.ts";
import { age, type Column } from "./column.ts";
import { defineKind, ensureFields, orDefault } from "./kind.ts";
import { checkPort } from "./pod-validation.ts";

function fillDefaults(draft: KubeObject): void {
  const spec = ensureFields(draft, "spec");
  orDefault(spec, "type", "ClusterIP");
  orDefault(spec, "sessionAffinity", "None");
  for (const entry of asList(spec["ports"])) {
    const port = asFields(entry);
    orDefault(port, "protocol", "TCP");
    orDefault(port, "targetPort", port["port"]);
  }
  if (spec["type"] !== "ExternalName") {
    orDefault(spec, "ipFamilies", ["IPv4"]);
    orDefault(spec, "ipFamilyPolicy", "SingleStack");
    orDefault(spec, "internalTrafficPolicy", "Cluster");
  }
  if (spec["clusterIP"] !== undefined) orDefault(spec, "clusterIPs", [spec["clusterIP"]]);
  ensureFields(ensureFields(draft, "status"), "loadBalancer");
}

const headless = (spec: Fields): boolean => spec["clusterIP"] === "None";

function checkPorts(spec: Fields): readonly Cause[] {
  const ports = asList(spec["ports"]).map(asFields);
  if (ports.length === 0) return headless(spec) || spec["type"] === "ExternalName" ? [] : [required("spec.ports")];
  const names = new Set<unknown>();
  return ports.flatMap((port, index) => {
    const at = `spec.ports[${index}]`;
    const name = port["name"];
    const again = name !== undefined && names.has(name);
    names.add(name);
    return [
      ...(ports.length > 1 && !name ? [required(`${at}.name`)] : []),
      ...(again ? [duplicate(`${at}.name`, name)] : []),
      ...checkPort(`${at}.port`, port["port"]),
      ...(typeof port["targetPort"] === "string" ? [] : checkPort(`${at}.targetPort`, port["targetPort"])),
    ];
  });
}

/** An address once given stays; `type: ExternalName` gives it back. */
function checkUpdate(next: KubeObject, current: KubeObject): readonly Cause[] {
  const before = asFields(current.spec);
  const after = asFields(next.spec);
  if (before["clusterIP"] === undefined || after["type"] === "ExternalName") return [];
  return isDeepStrictEqual(after["clusterIPs"], before["clusterIPs"])
    ? []
    : [invalidValue("spec.clusterIPs[0]", after["clusterIPs"], "may not change once set")];
}

/** A replacement without an address keeps the one it has. */
export function keepClusterIp(next: KubeObject, current: KubeObject): void {
  const spec = asFields(next.spec);
  const before = asFields(current.spec);
  if (spec["type"] === "ExternalName") return;
  if (!spec["clusterIP"] && before["clusterIP"] !== undefined) {
    spec["clusterIP"] = before["clusterIP"];
    orDefault(spec, "clusterIPs", before["clusterIPs"]);
  }
}

const columns: readonly Column[] = [
  { name: "Name", value: (object) => object.metadata.name },
  { name: "Type", value: ({ spec }) => String(asFields(spec)["type"]) },
  {
    name: "Cluster-IP",
    value: ({ spec }) => String(asFields(spec)["clusterIP"] ?? "<none>"),
  },
  { name: "External-IP", value: () => "<none>" },
  {
    name: "Port(s)",
    value: ({ spec }) =>
      asList(asFields(spec)["ports"])
        .map(asFields)
        .map((port) => `${port["port"]}/${port["protocol"]}`)
        .join(","),
  },
  { name: "Age", value: ({ metadata }) => age(metadata.creationTimestamp) },
];

export const services = defineKind({
  group: "",
  version: "v1",
  plural: "services",
  kind: "Service",
  shortNames: ["svc"],
  status: true,
  nameRule: "label-1035",
  returnsDeleted: true,
  selectableFields: ["spec.clusterIP", "spec.type"],
  columns,
  fillDefaults,
  validate: ({ spec }) => checkPorts(asFields(spec)),
  validateUpdate: checkUpdate,
});

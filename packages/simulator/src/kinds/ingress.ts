import type { Cause } from "../errors/api-error.ts";
import { invalidValue, required, unsupported } from "../errors/causes.ts";
import { asFields, asList, type Fields, type KubeObject } from "../objects/object.ts";
import { ageColumn, nameColumn } from "./column.ts";
import { defineKind, ensureFields } from "./kind.ts";
import { checkSubdomain } from "./names.ts";

const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];

function checkBackend(at: string, backend: Fields): readonly Cause[] {
  const service = asFields(backend["service"]);
  if (backend["service"] === undefined && backend["resource"] === undefined)
    return [required(at, "resource or service backend is required")];
  if (backend["service"] === undefined) return [];
  const port = asFields(service["port"]);
  return [
    ...(service["name"] ? [] : [required(`${at}.service.name`)]),
    ...(port["name"] || port["number"] ? [] : [required(`${at}.service.port`, "port name or number is required")]),
  ];
}

function checkPath(at: string, path: Fields): readonly Cause[] {
  const type = path["pathType"];
  if (type === undefined) return [required(`${at}.pathType`, "pathType must be specified")];
  const causes: Cause[] = [];
  if (!PATH_TYPES.includes(String(type))) causes.push(unsupported(`${at}.pathType`, type, PATH_TYPES));
  else if (type !== "ImplementationSpecific" && !String(path["path"] ?? "").startsWith("/"))
    causes.push(invalidValue(`${at}.path`, path["path"] ?? "", "must be an absolute path"));
  return [...causes, ...checkBackend(`${at}.backend`, asFields(path["backend"]))];
}

function checkRule(rule: Fields, index: number): readonly Cause[] {
  const at = `spec.rules[${index}]`;
  const host = String(rule["host"] ?? "").replace(/^\*\./, "");
  const http = asFields(rule["http"]);
  const paths = asList(http["paths"]);
  return [
    ...(host === "" ? [] : checkSubdomain(`${at}.host`, host)),
    ...(rule["http"] !== undefined && paths.length === 0 ? [required(`${at}.http.paths`)] : []),
    ...paths.flatMap((path, position) => checkPath(`${at}.http.paths[${position}]`, asFields(path))),
  ];
}

function validate({ spec }: KubeObject): readonly Cause[] {
  const { rules, defaultBackend } = asFields(spec);
  if (asList(rules).length === 0 && defaultBackend === undefined)
    return [invalidValue("spec", null, "either `defaultBackend` or `rules` must be specified")];
  return [
    ...(defaultBackend === undefined ? [] : checkBackend("spec.defaultBackend", asFields(defaultBackend))),
    ...asList(rules).flatMap((rule, index) => checkRule(asFields(rule), index)),
  ];
}

const hosts = ({ spec }: KubeObject): string =>
  asList(asFields(spec)["rules"])
    .map((rule) => String(asFields(rule)["host"] ?? "*"))
    .join(",") || "*";

export const ingresses = defineKind({
  group: "networking.k8s.io",
  version: "v1",
  plural: "ingresses",
  kind: "Ingress",
  shortNames: ["ing"],
  generation: true,
  status: true,
  columns: [
    nameColumn,
    {
      name: "Class",
      value: ({ spec }) => String(asFields(spec)["ingressClassName"] ?? "<none>"),
    },
    { name: "Hosts", value: hosts },
    { name: "Address", value: () => "" },
    {
      name: "Ports",
      value: ({ spec }) => (asList(asFields(spec)["tls"]).length > 0 ? "80, 443" : "80"),
    },
    ageColumn,
  ],
  fillDefaults: (draft) => {
    ensureFields(draft, "spec");
    ensureFields(ensureFields(draft, "status"), "loadBalancer");
  },
  validate,
});

import { isObject, type Json, type JsonObject } from "./json.ts";

/** A NetworkPolicy's spec as the server completes it (k8s.io/kubernetes, pkg/apis/networking/v1/defaults.go). */
export function completedPolicy(spec: JsonObject): JsonObject {
  const hasEgress = Array.isArray(spec.egress) && spec.egress.length > 0;
  return {
    policyTypes: hasEgress ? ["Ingress", "Egress"] : ["Ingress"],
    ...spec,
    ...completedRules(spec, "ingress"),
    ...completedRules(spec, "egress"),
  };
}

function completedRules(spec: JsonObject, direction: "ingress" | "egress"): JsonObject {
  const rules = spec[direction];
  if (!Array.isArray(rules)) return {};
  return { [direction]: rules.map((rule) => (isObject(rule) ? { ...rule, ...completedPorts(rule) } : rule)) };
}

function completedPorts({ ports }: JsonObject): JsonObject {
  const complete = (port: Json) => (isObject(port) ? { protocol: "TCP", ...port } : port);
  return Array.isArray(ports) ? { ports: ports.map(complete) } : {};
}

import { describe, expect, test } from "vitest";
import { addedKind, type Refusal, refusalOf } from "./support/refusal.ts";
import { edited } from "./support/small-template.ts";

describe("Services and routes", () => {
  const claim = "all repls would claim the same address";
  const httpRoute = (...spec: string[]) => addedKind("gateway.networking.k8s.io/v1", "HTTPRoute", "spec:", ...spec);
  test.each<Refusal>([
    [
      "NodePort",
      edited(23, "  type: NodePort"),
      "document 2, line 24: a Service of type NodePort is not allowed; leave spec.type out",
    ],
    [
      "LoadBalancer",
      edited(23, "  type: LoadBalancer"),
      "document 2, line 24: a Service of type LoadBalancer is not allowed; leave spec.type out",
    ],
    [
      "ExternalName",
      edited(23, "  type: ExternalName"),
      "document 2, line 24: a Service of type ExternalName is not allowed; leave spec.type out",
    ],
    [
      "externalName without its type",
      edited(23, "  externalName: example.com"),
      "document 2, line 24: spec.externalName is not allowed in a template",
    ],
    [
      "externalIPs",
      edited(23, "  externalIPs: [10.0.0.1]"),
      "document 2, line 24: spec.externalIPs is not allowed in a template",
    ],
    [
      "a fixed clusterIP",
      edited(23, "  clusterIP: 10.0.0.1"),
      "document 2, line 24: the address 10.0.0.1 can belong to one repl only",
    ],
    [
      "nodePort",
      edited(27, "      nodePort: 30000"),
      "document 2, line 28: nodePort is not allowed: all repls would share it",
    ],
    [
      "no selector",
      edited(23, "", 2),
      "document 2, line 23: spec.selector lacks service_name: it would select the pods of other repls",
    ],
    [
      "a selector without the placeholder",
      edited(24, "    app: web", 1),
      "document 2, line 24: spec.selector lacks service_name: it would select the pods of other repls",
    ],
    [
      "a Deployment's selector without it",
      edited(7, "      app: web", 1),
      "document 1, line 7: spec.selector.matchLabels lacks service_name: it would select the pods of other repls",
    ],
    [
      "a Deployment's selector by expressions alone",
      edited(6, "    matchExpressions: [{key: app, operator: NotIn, values: [service_name]}]", 2),
      "document 1, line 6: spec.selector.matchLabels lacks service_name: it would select the pods of other repls",
    ],
    [
      "a NetworkPolicy for every pod",
      addedKind("networking.k8s.io/v1", "NetworkPolicy", "spec:", "  podSelector: {}"),
      "document 4, line 51: spec.podSelector.matchLabels lacks service_name: it would select the pods of other repls",
    ],
    [
      "a snippet",
      edited(32, "  annotations:\n    nginx.ingress.kubernetes.io/configuration-snippet: |\n      return 200;"),
      "document 3, line 34: the annotation nginx.ingress.kubernetes.io/configuration-snippet is not allowed in a template",
    ],
    [
      "auth-url",
      edited(32, "  annotations:\n    nginx.ingress.kubernetes.io/auth-url: http://evil"),
      "document 3, line 34: the annotation nginx.ingress.kubernetes.io/auth-url is not allowed in a template",
    ],
    [
      "server-alias",
      edited(32, "  annotations:\n    nginx.ingress.kubernetes.io/server-alias: bank.com"),
      "document 3, line 34: the annotation nginx.ingress.kubernetes.io/server-alias is not allowed in a template",
    ],
    [
      "the host *",
      edited(34, '    - host: "*"', 1),
      "document 3, line 35: the wildcard host * would claim every repl's address",
    ],
    [
      "a wildcard host",
      edited(34, '    - host: "*.service_name.example.com"', 1),
      "document 3, line 35: the wildcard host *.service_name.example.com would claim every repl's address",
    ],
    [
      "a host without the placeholder",
      edited(34, "    - host: example.com", 1),
      `document 3, line 35: neither the host nor every path holds service_name: ${claim}`,
    ],
    [
      "one shared path of two",
      edited(34, "    - http:\n        paths: [{path: /service_name}, {path: /}]", 10),
      `document 3, line 35: neither the host nor every path holds service_name: ${claim}`,
    ],
    [
      "a path that ends a directive",
      edited(37, "          - path: /a;}", 1),
      'document 3, line 35: the path "/a;}" holds characters that are not allowed',
    ],
    [
      "defaultBackend",
      edited(33, "  defaultBackend:\n    service: {name: service_name}"),
      "document 3, line 34: spec.defaultBackend would catch the requests of all repls",
    ],
    [
      "an HTTPRoute's shared host",
      httpRoute("  hostnames:", "    - service_name.example.com", "    - example.com"),
      `document 4, line 53: neither the host nor every path holds service_name: ${claim}`,
    ],
    [
      "an HTTPRoute's rule for every path",
      httpRoute(
        "  rules:",
        "    - matches: [{path: {value: /service_name}}]",
        "    - backendRefs: [{name: service_name}]",
      ),
      `document 4, line 50: neither the host nor every path holds service_name: ${claim}`,
    ],
  ])("%s", (_, text, refusal) => {
    expect(refusalOf(text)).toBe(refusal);
  });
});

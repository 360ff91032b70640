import { expect, test } from "vitest";
import { ownedBy, plan } from "../src/plan/plan.ts";
import { render } from "../src/render/render.ts";
import { urlsOf } from "../src/render/urls.ts";
import { parseTemplate } from "../src/template/parse.ts";
import { productTemplate, REPL, recorded, template } from "./support/fixtures.ts";
import { addedKind } from "./support/refusal.ts";
import { edited } from "./support/small-template.ts";

const kinds = (manifests: readonly { kind: string }[]) => manifests.map(({ kind }) => kind);
const urls = (text: string) => urlsOf(render(parseTemplate(text), REPL, "repls"));

test("a plan puts what pods need first and what leads to them last", () => {
  const { before, workload, after } = plan(render(template("every-kind"), REPL, "repls"));
  expect(kinds(before)).toEqual(["ServiceAccount", "ConfigMap", "Secret", "PersistentVolumeClaim", "NetworkPolicy"]);
  expect(workload.kind).toBe("StatefulSet");
  expect(kinds(after)).toEqual(["Service", "HTTPRoute"]);
});

test("a plan without a workload is a mistake of the program", () => {
  const { after } = plan(render(template("workspace"), REPL, "repls"));
  expect(() => plan(after)).toThrow(new TypeError("the manifests hold no workload"));
});

test("what is owned names the very workload that was created, and its manifest stays as it was", () => {
  const { manifest } = recorded("Service");
  const { live } = recorded("Deployment");
  const before = JSON.stringify(manifest);
  expect(ownedBy(manifest, live).metadata.ownerReferences).toEqual([
    { apiVersion: "apps/v1", kind: "Deployment", name: "repl123", uid: live.metadata.uid },
  ]);
  expect(JSON.stringify(manifest)).toBe(before);
});

test.each([
  ["service.yaml", productTemplate(), ["http://repl123.peetcode.com", "http://repl123.autogpt-cloud.com"]],
  ["a path", edited(37, "          - path: /app", 1), ["http://repl123.example.com/app"]],
  [
    "a certificate of its own",
    edited(33, "  tls:\n    - hosts: [service_name.example.com]"),
    ["https://repl123.example.com"],
  ],
  ["a wildcard certificate", edited(33, '  tls:\n    - hosts: ["*.example.com"]'), ["https://repl123.example.com"]],
  [
    "another's wildcard certificate",
    edited(33, '  tls:\n    - hosts: ["*.example.org", "*.com"]'),
    ["http://repl123.example.com"],
  ],
  [
    "an HTTPRoute",
    addedKind("gateway.networking.k8s.io/v1", "HTTPRoute", "spec:", "  hostnames: [service_name.example.net]"),
    ["http://repl123.example.com", "http://repl123.example.net"],
  ],
  [
    "a rule without a host, whose address is not stated",
    edited(34, "    - http:\n        paths: [{path: /service_name}]", 10),
    [],
  ],
  [
    "paths of a user at a stated address",
    edited(
      32,
      `  annotations: {repl-orchestrator.dev/address: "http://localhost:30080"}
spec:
  rules:
    - http:
        paths: [{path: /user_label/service_name/ws}, {path: /user_label/service_name}]`,
      12,
    ),
    [
      "http://localhost:30080/u-41aa487887e3c45c19b2448b2f036552/repl123/ws",
      "http://localhost:30080/u-41aa487887e3c45c19b2448b2f036552/repl123",
    ],
  ],
  [
    "a host behind a stated scheme and port",
    edited(32, "  annotations: {repl-orchestrator.dev/address: 'https://edge.example.org:8443'}"),
    ["https://repl123.example.com:8443"],
  ],
  [
    "an HTTPRoute's hosts and paths, without patterns and repetitions",
    addedKind(
      "gateway.networking.k8s.io/v1",
      "HTTPRoute",
      "spec:",
      "  hostnames: [service_name.example.net]",
      "  rules:",
      "    - matches: [{path: {value: /a}}, {path: {type: RegularExpression, value: /b.*}}]",
      "    - matches: [{path: {value: /a}, method: POST}]",
      "    - backendRefs: [{name: service_name, port: 3000}]",
    ),
    ["http://repl123.example.com", "http://repl123.example.net/a", "http://repl123.example.net"],
  ],
])("the urls of %s", (_, text, expected) => {
  expect(urls(text)).toEqual(expected);
});

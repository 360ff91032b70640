import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseTemplate } from "../src/template/parse.ts";
import { fixture, productTemplate } from "./support/fixtures.ts";
import { addedKind, inContainer, inPod, refusalOf } from "./support/refusal.ts";
import { edited, SMALL_TEMPLATE } from "./support/small-template.ts";

const EXAMPLES_FOLDER = join(import.meta.dirname, "../../../examples");
const EXAMPLES = readdirSync(EXAMPLES_FOLDER).filter((name) => name.endsWith(".yaml"));

describe("what is accepted", () => {
  test("the product's service.yaml", () => {
    expect(parseTemplate(productTemplate()).manifests.map(({ kind }) => kind)).toEqual([
      "Deployment",
      "Service",
      "Ingress",
    ]);
  });

  test.each(["workspace.yaml", "every-kind.yaml", "job.yaml"])("the fixture %s", (name) => {
    expect(refusalOf(fixture(name))).toBe("accepted");
  });

  test.each(EXAMPLES)("the example %s", (name) => {
    expect(refusalOf(readFileSync(join(EXAMPLES_FOLDER, name), "utf8"))).toBe("accepted");
  });

  test.each<readonly [string, string]>([
    ["a headless Service", edited(23, "  clusterIP: None")],
    ["hostNetwork: false", inPod("hostNetwork: false")],
    ["dropped capabilities", inContainer("securityContext:\n  capabilities:\n    drop: [ALL]\n    add: []")],
    ["an unprivileged user", inPod("securityContext:\n  runAsUser: 1000\n  runAsNonRoot: true")],
    [
      "a secret from a Secret",
      inContainer("env:\n  - name: TOKEN\n    valueFrom:\n      secretKeyRef: {name: a, key: b}"),
    ],
    [
      "volumes of the namespace",
      inPod("volumes:\n  - name: a\n    emptyDir: {}\n  - name: b\n    secret: {secretName: c}"),
    ],
    ["a private registry's Secret", inPod("imagePullSecrets:\n  - name: registry")],
    [
      "paths of its own on a shared host",
      edited(35, "    - host: example.com\n      http:\n        paths:\n          - path: /service_name", 4),
    ],
    [
      "a claim's own selector, which selects volumes",
      addedKind("v1", "PersistentVolumeClaim", "spec:", "  selector:", "    matchLabels: {tier: ssd}"),
    ],
    [
      "the placeholder of another language in a ConfigMap",
      addedKind("v1", "ConfigMap", "data:", '  page: "{{ title }}"'),
    ],
    ["a Go template in an argument", inContainer("args: ['{{ .Name }}']")],
    ["an alias", edited(12, "        tier: &tier web\n        level: *tier")],
    ["CRLF line ends", SMALL_TEMPLATE.replaceAll("\n", "\r\n")],
    ["a comment alone after the last ---", `# head\n${SMALL_TEMPLATE}`],
  ])("%s", (_, text) => {
    expect(refusalOf(text)).toBe("accepted");
  });
});

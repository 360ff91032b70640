import { describe, expect, test } from "vitest";
import { fixture } from "./support/fixtures.ts";
import { addedKind, type Refusal, refusalOf } from "./support/refusal.ts";
import { edited } from "./support/small-template.ts";

const ENDS = "is no label of the pods, so it would select none of them";
const NONE = "is none of the template's Services, and can be another repl's";

const policy = (...labels: string[]) =>
  addedKind("networking.k8s.io/v1", "NetworkPolicy", "spec:", "  podSelector:", "    matchLabels:", ...labels);
const route = (...rule: string[]) =>
  addedKind(
    "gateway.networking.k8s.io/v1",
    "HTTPRoute",
    "spec:",
    "  hostnames: [service_name.a.org]",
    "  rules:",
    ...rule,
  );
const job = (label: string) =>
  `${fixture("job.yaml")}---\napiVersion: v1\nkind: Service\nmetadata: {name: service_name}\nspec: {selector: {${label}}}`;
const set = (label: string) =>
  fixture("every-kind.yaml").replace("  selector:\n    app: service_name\n  ports", `  selector: {${label}}\n  ports`);

describe("a selector", () => {
  test.each<Refusal>([
    [
      "of a Service, with another value",
      edited(24, "    app: service_name-web", 1),
      `document 2, line 25: app: service_name-web ${ENDS}`,
    ],
    [
      "of a Service, with another key",
      edited(24, "    repl: service_name", 1),
      `document 2, line 25: repl: service_name ${ENDS}`,
    ],
    [
      "of a NetworkPolicy, with one label too many",
      policy("      app: service_name", "      tier: web"),
      `document 4, line 54: tier: web ${ENDS}`,
    ],
    ["of the workload itself", edited(8, "      tier: web"), `document 1, line 9: tier: web ${ENDS}`],
    [
      "by the Job of another repl",
      job("job-name: service_name-web"),
      `document 2, line 18: job-name: service_name-web ${ENDS}`,
    ],
    [
      "by a Job's name, of a Deployment",
      edited(24, "    job-name: service_name", 1),
      `document 2, line 25: job-name: service_name ${ENDS}`,
    ],
    [
      "by a pod of another repl's StatefulSet",
      set("statefulset.kubernetes.io/pod-name: service_name-web-0"),
      `document 7, line 77: statefulset.kubernetes.io/pod-name: service_name-web-0 ${ENDS}`,
    ],
  ])("%s is refused", (_, text, refusal) => {
    expect(refusalOf(text)).toBe(refusal);
  });

  test.each<readonly [string, string]>([
    ["by a Job's name", job("job-name: service_name")],
    ["by a Job's name in its newer writing", job("batch.kubernetes.io/job-name: service_name")],
    ["by one pod of a StatefulSet", set("statefulset.kubernetes.io/pod-name: service_name-1")],
    ["that is none: a field of a kind without one", addedKind("v1", "Secret", "type: service_name")],
    ["by a pod's number as well", set("app: service_name, apps.kubernetes.io/pod-index: '0'")],
  ])("%s is accepted", (_, text) => {
    expect(refusalOf(text)).toBe("accepted");
  });
});

describe("a backend", () => {
  test.each<Refusal>([
    [
      "of an Ingress",
      edited(41, "                name: service_name-web", 1),
      `document 3, line 42: the backend service_name-web ${NONE}`,
    ],
    [
      "of an HTTPRoute",
      route("    - backendRefs:", "        - name: service_name", "        - name: web-service_name"),
      `document 4, line 55: the backend web-service_name ${NONE}`,
    ],
    [
      "of an HTTPRoute's mirror",
      route("    - filters:", "        - requestMirror:", "            backendRef: {name: web-service_name}"),
      `document 4, line 55: the backend web-service_name ${NONE}`,
    ],
  ])("%s that is another repl's is refused", (_, text, refusal) => {
    expect(refusalOf(text)).toBe(refusal);
  });

  test.each<readonly [string, string]>([
    ["all repls share", route("    - backendRefs: [{name: sleeping-page, port: 80}]")],
    ["is no Service", route("    - backendRefs: [{group: example.com, kind: Bucket, name: service_name-files}]")],
    [
      "is another Service of the template",
      edited(41, "                name: service_name-web", 1).replace(/(Service\n.*\n.*service_name)/, "$1-web"),
    ],
  ])("that %s is accepted", (_, text) => {
    expect(refusalOf(text)).toBe("accepted");
  });
});

describe("what the pods read", () => {
  const claim = addedKind("v1", "PersistentVolumeClaim", "spec: {accessModes: [ReadWriteOnce]}");
  const config = addedKind("v1", "ConfigMap", "data: {key: value}");
  const secret = addedKind("v1", "Secret", "stringData: {key: value}");
  const mounting = (text: string, volume: string) =>
    text.replace("      containers:\n", `      volumes: [{name: v, ${volume}}]\n      containers:\n`);
  const reading = (text: string, from: string) =>
    text.replace("image: runner:1", `image: runner:1\n          envFrom: [${from}]`);

  test.each<Refusal>([
    [
      "a claim",
      mounting(claim, "persistentVolumeClaim: {claimName: service_name-even-more}"),
      "document 1, line 15: the PersistentVolumeClaim service_name-even-more is none of the template's, and can be another repl's service_name-more",
    ],
    [
      "a ConfigMap",
      reading(config, "{configMapRef: {name: my-service_name-more}}"),
      "document 1, line 18: the ConfigMap my-service_name-more is none of the template's, and can be another repl's service_name-more",
    ],
    [
      "a registry's Secret",
      secret.replace(
        "      containers:\n",
        "      imagePullSecrets: [{name: service_name-even-more}]\n      containers:\n",
      ),
      "document 1, line 15: the Secret service_name-even-more is none of the template's, and can be another repl's service_name-more",
    ],
  ])("%s that can be another repl's is refused", (_, text, refusal) => {
    expect(refusalOf(text)).toBe(refusal);
  });

  test.each<readonly [string, string]>([
    ["is the template's", mounting(claim, "persistentVolumeClaim: {claimName: service_name-more}")],
    ["no resource of the template can be", reading(config, "{configMapRef: {name: service_name-by-hand}}")],
    ["all repls share", reading(config, "{configMapRef: {name: settings}}")],
    ["is of another kind", reading(config, "{secretRef: {name: service_name-more-key}}")],
  ])("that %s is accepted", (_, text) => {
    expect(refusalOf(text)).toBe("accepted");
  });
});

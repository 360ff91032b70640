import { describe, expect, test } from "vitest";
import { fixture } from "./support/fixtures.ts";
import { added, addedKind, inContainer, KINDS, type Refusal, refusalOf } from "./support/refusal.ts";
import { edited, SMALL_TEMPLATE } from "./support/small-template.ts";

describe("kinds and names", () => {
  const noService = (line: number) =>
    `document 3, line ${line}: the backend service_name is none of the template's Services, and can be another repl's`;
  test.each<Refusal>([
    [
      "a ClusterRoleBinding",
      addedKind("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
      `document 4, line 47: kind "ClusterRoleBinding" is not allowed in a template; allowed are ${KINDS}`,
    ],
    [
      "a Namespace",
      addedKind("v1", "Namespace"),
      `document 4, line 47: kind "Namespace" is not allowed in a template; allowed are ${KINDS}`,
    ],
    [
      "a List",
      added("apiVersion: v1", "kind: List", "items: []"),
      `document 4, line 47: kind "List" is not allowed in a template; allowed are ${KINDS}`,
    ],
    [
      "a name of Object.prototype as kind",
      addedKind("v1", "constructor"),
      `document 4, line 47: kind "constructor" is not allowed in a template; allowed are ${KINDS}`,
    ],
    ["no kind", edited(19, "", 1), `document 2, line 19: kind is missing; allowed are ${KINDS}\n${noService(41)}`],
    [
      "an old apiVersion",
      edited(0, "apiVersion: apps/v1beta1", 1),
      'document 1, line 1: Deployment needs apiVersion apps/v1, not "apps/v1beta1"',
    ],
    ["no apiVersion", edited(18, "", 1), "document 2, line 19: Service needs apiVersion v1"],
    [
      "two documents of one name",
      addedKind("v1", "ConfigMap") + addedKind("v1", "ConfigMap").slice(SMALL_TEMPLATE.length),
      'document 5, line 54: ConfigMap "service_name-more" stands in the template twice',
    ],
    ["no name", edited(21, "  labels: {}", 1), `document 2, line 21: metadata.name is missing\n${noService(42)}`],
    [
      "a name without the placeholder",
      edited(21, "  name: shared", 1),
      `document 2, line 22: metadata.name "shared" lacks service_name: every repl would share this Service\n${noService(42)}`,
    ],
    [
      "a namespace",
      edited(22, "  namespace: kube-system"),
      "document 2, line 23: metadata.namespace is the worker's to set (NAMESPACE); remove it",
    ],
    [
      "no workload",
      edited(0, "", 18),
      "document 1, line 2: a template needs exactly one of Deployment, StatefulSet, Job; this one has 0",
    ],
    [
      "two workloads",
      addedKind("batch/v1", "Job", "spec: {template: {spec: {automountServiceAccountToken: false}}}"),
      "document 4, line 47: a template needs exactly one of Deployment, StatefulSet, Job; this one has 2",
    ],
  ])("%s", (_, text, refusal) => {
    expect(refusalOf(text)).toBe(refusal);
  });
});

describe("what belongs to the orchestrator or the cluster", () => {
  const set = "is set by the orchestrator and must not be set in a template";
  test.each<Refusal>([
    [
      "a reserved label",
      edited(3, "  labels:\n    repl-orchestrator.dev/user: me"),
      `document 1, line 5: repl-orchestrator.dev/user ${set}`,
    ],
    [
      "a reserved label of the pods",
      edited(12, "        repl-orchestrator.dev/repl: other"),
      `document 1, line 13: repl-orchestrator.dev/repl ${set}`,
    ],
    [
      "managed-by",
      edited(12, "        app.kubernetes.io/managed-by: Helm"),
      `document 1, line 13: app.kubernetes.io/managed-by ${set}`,
    ],
    [
      "a reserved annotation",
      edited(3, "  annotations: {repl-orchestrator.dev/manifest: x}"),
      `document 1, line 4: repl-orchestrator.dev/manifest ${set}`,
    ],
    [
      "ownerReferences",
      edited(22, "  ownerReferences: []"),
      "document 2, line 23: metadata.ownerReferences must not be set in a template",
    ],
    [
      "finalizers",
      edited(22, "  finalizers: [a/b]"),
      "document 2, line 23: metadata.finalizers must not be set in a template",
    ],
    [
      "finalizers of the pods",
      edited(10, "      finalizers: [a/b]"),
      "document 1, line 11: spec.template.metadata.finalizers must not be set in a template",
    ],
    [
      "generateName",
      edited(22, "  generateName: service_name"),
      "document 2, line 23: metadata.generateName must not be set in a template",
    ],
    [
      "a Secret for credentials of the cluster",
      addedKind("v1", "Secret", "type: kubernetes.io/service-account-token"),
      "document 4, line 50: a Secret of type kubernetes.io/service-account-token is not allowed: it holds credentials of the cluster",
    ],
    [
      "a Job that selects pods",
      edited(
        0,
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: service_name}\nspec:\n  manualSelector: true\n  template: {metadata: {labels: {app: service_name}}, spec: {automountServiceAccountToken: false}}",
        17,
      ),
      "document 1, line 5: spec.manualSelector is not allowed: a Job selects its own pods",
    ],
    [
      "a Job that the cluster clears away",
      fixture("job.yaml").replace("backoffLimit: 0", "ttlSecondsAfterFinished: 600"),
      "document 1, line 6: spec.ttlSecondsAfterFinished is not allowed: once the cluster has deleted the ended Job, the sweep would start the repl again",
    ],
    [
      "a placeholder that nothing replaces",
      inContainer('args: ["--user={{ userId }}"]'),
      "document 1, line 18: nothing replaces {{ userId }}; the placeholder for the replId is service_name",
    ],
    [
      "one in a key",
      edited(12, '        "{{replId}}": x'),
      "document 1, line 13: nothing replaces {{replId}}; the placeholder for the replId is service_name",
    ],
    [
      "a merge key",
      edited(7, "      <<: {tier: web}"),
      "document 1, line 8: merge keys (<<) are not supported; write the fields out",
    ],
    ["a number that JSON lacks", edited(5, "  replicas: .inf"), "document 1, line 6: Infinity is no number of JSON"],
  ])("%s", (_, text, refusal) => {
    expect(refusalOf(text)).toBe(refusal);
  });
});

describe("the claims that a StatefulSet makes", () => {
  const claims = (...names: string[]) => names.map((name) => `\n    - metadata: {name: ${name}}`).join("");
  const set = (...names: string[]) =>
    edited(5, `  serviceName: service_name\n  volumeClaimTemplates:${claims(...names)}`).replace(
      "kind: Deployment\nmetadata:\n  name: service_name\nspec:\n",
      "kind: StatefulSet\nmetadata:\n  name: service_name\nspec:\n",
    );
  const withClaim = (text: string, name: string) =>
    `${text}\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: ${name}`;
  const sentence = (one: string, other: string) =>
    `the PersistentVolumeClaim ${one} of one repl can have the name of another's ${other}; let each have a beginning or an end that the others lack`;

  test.each<Refusal>([
    [
      "two, of which one's name begins with the other's",
      set("data", "data-cache"),
      `document 1, line 9: ${sentence("data-cache-service_name-0", "data-service_name-0")}`,
    ],
    [
      "one beside a claim of the template",
      withClaim(set("data"), "service_name"),
      `document 4, line 52: ${sentence("service_name", "data-service_name-0")}`,
    ],
    [
      "one of a pod that is not the first",
      withClaim(set("data"), "service_name-1"),
      `document 4, line 52: ${sentence("service_name-1", "data-service_name-1")}`,
    ],
    [
      "one with the user in it",
      set("user_label"),
      "document 1, line 8: metadata.name holds user_label, which may have characters that no name may have",
    ],
  ])("%s", (_, text, refusal) => {
    expect(refusalOf(text)).toBe(refusal);
  });

  test.each<readonly [string, string]>([
    ["beginnings of their own", set("data", "cache")],
    ["a claim that the set finds and takes", withClaim(set("data"), "data-service_name-0")],
    ["a claim with an end of its own", withClaim(set("data"), "service_name-files")],
  ])("%s: accepted", (_, text) => {
    expect(refusalOf(text)).toBe("accepted");
  });
});

test("every problem is named, in the order of the file", () => {
  const text = edited(23, "  type: NodePort\n  externalIPs: []").replace("kind: Deployment", "kind: DaemonSet");
  expect(refusalOf(text).split("\n")).toEqual([
    `document 1, line 2: kind "DaemonSet" is not allowed in a template; allowed are ${KINDS}`,
    "document 2, line 24: a Service of type NodePort is not allowed; leave spec.type out",
    "document 2, line 25: spec.externalIPs is not allowed in a template",
    "document 1, line 2: a template needs exactly one of Deployment, StatefulSet, Job; this one has 0",
  ]);
});

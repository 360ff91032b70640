import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { labelsOfUser, MANIFEST_HASH } from "../src/labels.ts";
import { renderUserNamespace } from "../src/render/render-user-namespace.ts";
import { parseUserNamespace } from "../src/template/parse.ts";
import { TemplateError } from "../src/template/template-error.ts";

const product = readFileSync(new URL("../../../user-namespace.yaml", import.meta.url), "utf8");
const NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: user_namespace\n";
const plus = (...lines: string[]) => `${NAMESPACE}---\n${lines.join("\n")}\n`;

const ALLOWED = "Namespace, ResourceQuota, LimitRange, ConfigMap, NetworkPolicy";

function refusalOf(text: string): string {
  try {
    parseUserNamespace(text);
  } catch (error) {
    if (error instanceof TemplateError) return error.message;
    throw error;
  }
  return "accepted";
}

test("user-namespace.yaml gives the manifests of the golden file", async () => {
  const manifests = renderUserNamespace(parseUserNamespace(product), "repl-user-alice", "alice");
  const text = manifests.map((manifest) => stringify(manifest)).join("---\n");
  await expect(text).toMatchFileSnapshot("golden/user-namespace.yaml");
});

test("each manifest has the user's labels and a hash; all but the Namespace have the namespace", () => {
  for (const { kind, metadata } of renderUserNamespace(parseUserNamespace(product), "repl-user-alice", "alice")) {
    expect(metadata.labels).toMatchObject(labelsOfUser("alice"));
    expect(metadata.labels).not.toHaveProperty("repl-orchestrator.dev/repl");
    expect(metadata.annotations[MANIFEST_HASH]).toMatch(/^[0-9a-f]{16}$/);
    expect([kind, metadata.namespace]).toEqual([kind, kind === "Namespace" ? undefined : "repl-user-alice"]);
  }
});

test("the name goes wherever the placeholder stands", () => {
  const template = parseUserNamespace(
    plus("apiVersion: v1", "kind: ConfigMap", "metadata:", "  name: x-user_namespace"),
  );
  expect(renderUserNamespace(template, "n1", "u")[1]?.metadata.name).toBe("x-n1");
});

describe("refused", () => {
  test.each([
    [
      "no Namespace",
      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n",
      "document 1, line 2: a user's namespace needs exactly one Namespace; this has 0",
    ],
    [
      "two Namespaces",
      `${NAMESPACE}---\n${NAMESPACE}`,
      'document 2, line 9: Namespace "user_namespace" stands in the template twice\ndocument 2, line 7: a user\'s namespace needs exactly one Namespace; this has 2',
    ],
    [
      "a Namespace of a fixed name",
      NAMESPACE.replace("user_namespace", "kube-system"),
      "document 1, line 4: the Namespace must be named user_namespace, which becomes its name",
    ],
    [
      "a Secret",
      plus("apiVersion: v1", "kind: Secret", "metadata:", "  name: a"),
      `document 2, line 7: kind "Secret" is not allowed in a template; allowed are ${ALLOWED}`,
    ],
    [
      "a workload",
      plus("apiVersion: apps/v1", "kind: Deployment", "metadata:", "  name: a"),
      `document 2, line 7: kind "Deployment" is not allowed in a template; allowed are ${ALLOWED}`,
    ],
    [
      "another namespace",
      plus("apiVersion: v1", "kind: ConfigMap", "metadata:", "  name: a", "  namespace: b"),
      "document 2, line 10: metadata.namespace is the worker's to set (NAMESPACE); remove it",
    ],
    [
      "a label of ours",
      `${NAMESPACE}  labels:\n    repl-orchestrator.dev/user: eve\n`,
      "document 1, line 6: repl-orchestrator.dev/user is set by the orchestrator and must not be set in a template",
    ],
    [
      "the repl's placeholder",
      plus("apiVersion: v1", "kind: ConfigMap", "metadata:", "  name: service_name"),
      "document 2, line 6: nothing replaces service_name here: a namespace is for all repls of its user",
    ],
    ["no name", plus("apiVersion: v1", "kind: ConfigMap"), "document 2, line 6: metadata.name is missing"],
    [
      "finalizers",
      `${NAMESPACE}  finalizers: [a/b]\n`,
      "document 1, line 5: metadata.finalizers must not be set in a template",
    ],
    ["nothing", "", "document 1, line 1: the template is empty"],
  ])("%s", (_, text, refusal) => {
    expect(refusalOf(text)).toBe(refusal);
  });
});

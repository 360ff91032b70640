import { expect, test } from "vitest";
import { hasSameContent } from "../src/apply/same-content.ts";

const deployment = (metadata: object, image = "runner:1") => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "demo", namespace: "repls", uid: "1", ...metadata },
  spec: { template: { spec: { containers: [{ name: "runner", image }] } } },
});
const managers = (...names: string[]) =>
  names.map((manager) => ({ manager, operation: "Update", fieldsType: "FieldsV1" }));

test("who manages a field, and the version that is counted for it, is no change", () => {
  const before = deployment({
    resourceVersion: "7",
    managedFields: managers("repl-orchestrator", "kube-controller-manager"),
  });
  const after = deployment({
    resourceVersion: "8",
    managedFields: managers("kube-controller-manager", "repl-orchestrator"),
  });
  expect(hasSameContent(before, after)).toBe(true);
});

test.each([
  ["a label", deployment({ resourceVersion: "8", labels: { tier: "web" } })],
  ["the spec", deployment({ resourceVersion: "8" }, "runner:2")],
  ["another resource under the name", deployment({ resourceVersion: "8", uid: "2" })],
])("%s is one", (_what, after) => {
  expect(hasSameContent(deployment({ resourceVersion: "7" }), after)).toBe(false);
});

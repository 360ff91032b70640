import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { LABELS, MANIFEST_HASH } from "../src/labels.ts";
import { render } from "../src/render/render.ts";
import { parseTemplate, type Template } from "../src/template/parse.ts";
import { productTemplate, REPL, template } from "./support/fixtures.ts";
import { edited } from "./support/small-template.ts";

/** Manifests as people read them; aliases would hide what is sent. */
const yaml = (manifests: readonly unknown[]) =>
  manifests.map((manifest) => stringify(manifest, { aliasDuplicateObjects: false })).join("---\n");
const hashOf = (of: Template, repl = REPL, namespace = "repls") =>
  render(of, repl, namespace)[0]?.metadata.annotations[MANIFEST_HASH];

test("service.yaml gives the manifests of the golden file", async () => {
  const manifests = render(parseTemplate(productTemplate()), REPL, "repls");
  await expect(yaml(manifests)).toMatchFileSnapshot("golden/service.yaml");
});

test("every other kind gives the manifests of the golden file", async () => {
  await expect(yaml(render(template("every-kind"), REPL, "repls"))).toMatchFileSnapshot("golden/every-kind.yaml");
});

test("the same input gives the same bytes, whichever process or parse it came from", () => {
  const text = productTemplate();
  const once = JSON.stringify(render(parseTemplate(text), { ...REPL }, "repls"));
  expect(JSON.stringify(render(parseTemplate(text), { ...REPL }, "repls"))).toBe(once);
});

test("the template stays as it was parsed", () => {
  const parsed = deepFreeze(parseTemplate(productTemplate()));
  const before = JSON.stringify(parsed);
  render(parsed, REPL, "repls");
  expect(JSON.stringify(parsed)).toBe(before);
});

test("the user's label takes its place in values and keys, and one that looks like a placeholder is not replaced again", () => {
  const parsed = parseTemplate(edited(4, "  annotations: {user_label-of: by user_label for service_name}"));
  const annotations = (userId: string) => render(parsed, { ...REPL, userId }, "repls")[0]?.metadata.annotations;
  expect(annotations("Alice.B_c")).toMatchObject({ "Alice.B_c-of": "by Alice.B_c for repl123" });
  expect(annotations("service_name")).toMatchObject({ "service_name-of": "by service_name for repl123" });
  expect(annotations(REPL.userId)).toMatchObject({
    "u-41aa487887e3c45c19b2448b2f036552-of": "by u-41aa487887e3c45c19b2448b2f036552 for repl123",
  });
});

test("an alias does not tie two manifests together", () => {
  const parsed = parseTemplate(
    edited(12, "        tier: &tier web\n        level: *tier\n      annotations: &a {x: service_name}"),
  );
  const [first] = render(parsed, REPL, "repls");
  const [second] = render(parsed, { ...REPL, replId: "other" }, "repls");
  expect(JSON.stringify(first)).not.toContain("other");
  expect(JSON.stringify(second)).not.toContain("repl123");
});

describe("the stamps", () => {
  test("each resource, and each pod of a workload, has the four labels beside its own", () => {
    const labels = {
      [LABELS.managedBy]: "repl-orchestrator",
      [LABELS.repl]: "repl123",
      [LABELS.user]: "u-41aa487887e3c45c19b2448b2f036552",
      [LABELS.generation]: "3",
    };
    const manifests = [
      ...render(template("workspace"), REPL, "repls"),
      ...render(template("every-kind"), REPL, "repls"),
      ...render(template("job"), REPL, "repls"),
    ];
    for (const { metadata } of manifests) expect(metadata).toMatchObject({ namespace: "repls", labels });
    const workloads = manifests.filter(({ kind }) => ["Deployment", "StatefulSet", "Job"].includes(kind));
    expect(workloads).toHaveLength(3);
    for (const { spec, metadata } of workloads) {
      const annotations = { [MANIFEST_HASH]: metadata.annotations[MANIFEST_HASH] };
      expect(spec).toMatchObject({ template: { metadata: { labels, annotations } } });
    }
    expect(manifests[0]?.metadata.labels.app).toBe("repl123");
  });

  test("the hash is another for every change of what is rendered", () => {
    const changed = parseTemplate(edited(17, "          imagePullPolicy: Always"));
    const same = parseTemplate(edited(17, ""));
    const hashes = [
      hashOf(same),
      hashOf(changed),
      hashOf(same, { ...REPL, replId: "other" }),
      hashOf(same, { ...REPL, userId: "other" }),
      hashOf(same, { ...REPL, generation: 4 }),
      hashOf(same, REPL, "elsewhere"),
    ];
    expect(hashes.every((hash) => /^[0-9a-f]{16}$/.test(hash ?? ""))).toBe(true);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test("a field that was removed changes the hash", () => {
    expect(hashOf(parseTemplate(edited(5, "  paused: false")))).not.toBe(hashOf(parseTemplate(edited(5, ""))));
  });
});

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) {
    for (const child of Object.values(value)) deepFreeze(child);
    Object.freeze(value);
  }
  return value;
}

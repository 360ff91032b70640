import { describe, expect, test } from "vitest";
import { parseTemplate } from "../src/template/parse.ts";
import { TemplateError } from "../src/template/template-error.ts";
import { type Refusal, refusalOf } from "./support/refusal.ts";
import { edited, SMALL_TEMPLATE } from "./support/small-template.ts";

const repeat = (count: number, make: (index: number) => string, joint = "\n") =>
  Array.from({ length: count }, (_, index) => make(index)).join(joint);

describe("text that is no template", () => {
  test.each<Refusal>([
    ["nothing", "", "document 1, line 1: the template is empty"],
    ["comments alone", "# nothing\n", "document 1, line 1: the template is empty"],
    [
      "an empty document",
      `${SMALL_TEMPLATE}\n---\n`,
      "document 4, line 45: not a Kubernetes manifest: a mapping is expected",
    ],
    ["a list", "- a\n", "document 1, line 1: not a Kubernetes manifest: a mapping is expected"],
    ["a duplicate key", edited(21, "  name: service_name"), "document 2, line 23: Map keys must be unique"],
    ["a tab", edited(21, "\tlabels: {}"), "document 2, line 22: Tabs are not allowed as indentation"],
    [
      "a function",
      edited(21, "  labels: !!js/function 'x'"),
      "document 2, line 22: Unresolved tag: tag:yaml.org,2002:js/function",
    ],
    ["an open quote", edited(21, '  labels: "x', 23), 'document 2, line 22: Missing closing "quote'],
    [
      "an unknown alias",
      edited(21, "  labels: *nothing"),
      "document 2, line 19: Unresolved alias (the anchor must be set before the alias): nothing",
    ],
    [
      "an alias inside itself",
      edited(21, "  labels: &a {a: *a}"),
      "document 2, line 19: an alias stands for something that contains the alias itself",
    ],
    [
      "YAML 1.1",
      `%YAML 1.1\n---\n${SMALL_TEMPLATE}`,
      "document 1, line 3: YAML 1.1 reads words such as yes as booleans; leave the directive out",
    ],
    ["5 MB", `# ${"a".repeat(5_000_000)}`, "document 1, line 1: longer than 65536 characters"],
  ])("%s", (_, text, refusal) => {
    expect(refusalOf(text).split("\n")[0]).toBe(refusal);
  });

  test("a broken file's thousands of problems become twenty lines and a count", () => {
    const error = errorOf(repeat(1_000, () => "--- 1"));
    expect(error.problems).toHaveLength(1_000);
    expect(error.message.split("\n")).toHaveLength(21);
    expect(error.message.split("\n").at(-1)).toBe("and 980 more");
  });
});

describe("text that would cost more than it is worth is refused within a second of work", () => {
  const alias = repeat(
    9,
    (level) => `a${level}: &a${level} [${repeat(9, () => (level === 0 ? "x" : `*a${level - 1}`), ",")}]`,
  );
  const merge = repeat(
    300,
    (level) => `m${level}: &m${level} {${level === 0 ? "k: v" : `<<: [${repeat(10, () => `*m${level - 1}`, ",")}]`}}`,
  );
  const wide = `wide: &wide {${repeat(500, (index) => `k${index}: ${"v".repeat(40)}`, ", ")}}`;
  const tooMany = "Excessive alias count indicates a resource exhaustion attack";
  test.each<Refusal>([
    ["an alias bomb", edited(1, alias), `document 1, line 1: ${tooMany}`],
    ["a merge bomb", edited(1, merge), `document 1, line 1: ${tooMany}`],
    [
      "a merge bomb in YAML 1.1",
      `%YAML 1.1\n---\n${edited(1, merge)}`,
      "document 1, line 3: YAML 1.1 reads words such as yes as booleans; leave the directive out",
    ],
    [
      "ninety aliases of a wide mapping",
      edited(1, `${wide}\nall: [${repeat(90, () => "*wide", ",")}]`),
      "document 1, line 1: larger than 262144 characters once expanded",
    ],
    ["thousands of empty items", `[${",".repeat(65_000)}`, "document 1, line 1: Unexpected , in flow sequence"],
    ["thousands of anchors", "&a ".repeat(20_000), "document 1, line 1: A node can have at most one anchor"],
    ["thousands of keys of one name", `{${"a,".repeat(3_000)}}`, "document 1, line 1: Map keys must be unique"],
  ])("%s", (_, text, refusal) => {
    const before = process.cpuUsage();
    expect(refusalOf(text).split("\n")[0]).toBe(refusal);
    expect(cpuMsSince(before)).toBeLessThan(1_000);
  });

  test.each<readonly [string, string]>([
    ["lists", `a: ${"[".repeat(60_000)}`],
    ["mappings", `a: ${"{a: ".repeat(15_000)}`],
    ["blocks", "- ".repeat(30_000)],
    ["keys", "? ".repeat(30_000)],
  ])("%s nested without end", (_, text) => {
    const before = process.cpuUsage();
    expect(errorOf(text).problems[0]).toMatchObject({ document: 1, line: 1 });
    expect(cpuMsSince(before)).toBeLessThan(1_000);
  });
});

test("__proto__ is a key like any other and changes no prototype", () => {
  const [deployment] = parseTemplate(edited(4, "  annotations: {__proto__: {polluted: yes}}")).manifests;
  expect(Object.keys(deployment?.metadata.annotations ?? {})).toEqual(["__proto__"]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

function errorOf(text: string): TemplateError {
  try {
    parseTemplate(text);
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
  throw new Error("accepted");
}

/** Time of the processor, which other tests do not take part in as they do in that of the clock. */
function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

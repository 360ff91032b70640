import { expect, test } from "vitest";
import { judge } from "./audit.mjs";

const found = (severity) => ({ vulnerabilities: { a: { name: "a", severity, range: "<2.0.0" } } });

test("nothing known passes", () => {
  expect(judge({ vulnerabilities: {} })).toEqual({ failed: false, lines: ["npm audit: 0 found"] });
});

test.each([
  ["low", false],
  ["moderate", false],
  ["high", true],
  ["critical", true],
])("a weakness of severity %s: fails %s, and is named either way", (severity, failed) => {
  expect(judge(found(severity))).toEqual({ failed, lines: [`${severity}: a <2.0.0`, "npm audit: 1 found"] });
});

test("a registry that does not answer is no failure, but is said", () => {
  expect(judge({ message: "405 Method Not Allowed - POST /x", error: {} })).toEqual({
    failed: false,
    lines: ["skipped: npm audit: the registry does not answer it (405 Method Not Allowed - POST /x)"],
  });
});

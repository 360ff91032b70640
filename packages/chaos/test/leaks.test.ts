import { expect, test } from "vitest";
import { Leaks } from "../src/record/leaks.ts";

test("a secret is found wherever it is told, and not told again", () => {
  const leaks = new Leaks(["canary-1", "canary-2"]);
  leaks.look('{"url":"redis://:***@host"}', "the log of api-1");
  expect(leaks.violations).toEqual([]);
  for (const text of ["a canary-2 b", "canary-1"]) leaks.look(text, "the log of api-2");
  expect(leaks.violations).toEqual([{ invariant: "I18", what: "the log of api-2 holds a secret" }]);
});

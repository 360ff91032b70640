import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { FAILURES } from "../src/index.ts";

/** The rows of the first table below a heading: its cells as they are written, without the code's backticks. */
function tableBelow(heading: string): string[][] {
  const text = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
  const [, section = ""] = text.split(`\n## ${heading}\n`);
  const lines = (section.split("\n## ")[0] ?? "").split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/^`(.*)`$/, "$1")),
  );
}

const rows = tableBelow("Failures of jobs");

it("docs/errors.md and the table of failures say the same, in the same order", () => {
  const documented = rows.map(([code, retriedBy, sentence]) => ({ code, retriedBy, sentence }));
  expect(documented).toEqual(Object.entries(FAILURES).map(([code, row]) => ({ code, ...row })));
});

it("docs/errors.md says of each failure what to do", () => {
  for (const [code, , , whatToDo = ""] of rows) expect(whatToDo, code).toMatch(/\w.*\.$/);
});

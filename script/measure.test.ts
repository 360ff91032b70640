import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { cyclesOf } from "./measure/cycles.ts";
import { isTrueEnough, withRow } from "./measure/document.ts";
import { exceeded } from "./measure/limits.ts";
import { type Measurements, measure } from "./measure/measure.ts";
import { parseSource } from "./measure/source-file.ts";
import { spreadOf } from "./measure/statistics.ts";

const measured = measure(fileURLToPath(new URL("..", import.meta.url)));
const document = readFileSync(new URL("../docs/measurements.md", import.meta.url), "utf8");

test("no limit is exceeded", () => {
  expect(measured.files).toBeGreaterThan(300);
  expect(exceeded(measured)).toEqual([]);
});

test("docs/measurements.md says what is measured (npm run measure -- --write puts it there)", () => {
  expect(isTrueEnough(document, measured)).toBe(true);
});

test("a document may be a tenth off, and no more", () => {
  const written = withRow(document, measured);
  const grown = (share: number): Measurements => ({ ...measured, lines: Math.round(measured.lines * share) });
  expect(isTrueEnough(written, grown(1.08))).toBe(true);
  expect(isTrueEnough(written, grown(1.2))).toBe(false);
  expect(() => withRow("| nothing |", measured)).toThrow("no row");
});

test("what exceeds a limit is named with its place", () => {
  const bad: Measurements = {
    ...measured,
    cycles: [["a.ts", "b.ts"]],
    undocumented: ["c.ts:1 c"],
    fileLines: { median: 1, p90: 2, max: 451 },
    longest: { file: "d.ts", function: "e.ts:1 e" },
  };
  expect(exceeded(bad)).toEqual([
    "cycles of imports: 1, at most 0: a.ts, b.ts",
    "exports of packages without a doc comment: 1, at most 0: c.ts:1 c",
    "lines of the longest file: 451, at most 450: d.ts",
  ]);
});

describe("a file", () => {
  const source = parseSource(
    "packages/a/src/one.ts",
    `import { two } from "./two.ts";
import type { Three } from "./three.ts";
import { type Four } from "./four.ts";
import "../five.ts";
import { readFileSync } from "node:fs";
export { six } from "./six.ts";
export type { Seven } from "./seven.ts";

// A line of its own.
const value = 1; // none of its own
/** Documented. */
export const arrow = (): number => {
  return [1].map((each) => each + value)[0] ?? 0;
};
export interface Bare {}
/** The one below is not documented by this. */
const kept = {
  method() {},
  bound: () => 2,
};
export function plain(): void {}
export class Thing {
  #secret() {}
}`,
  );

  test("has its lines, and those of comments alone", () => {
    expect({ lines: source.lines, commentLines: source.commentLines }).toEqual({ lines: 24, commentLines: 3 });
  });

  test("imports the files whose values it takes or passes on", () => {
    expect(source.imports).toEqual(["packages/a/src/two.ts", "packages/a/five.ts", "packages/a/src/six.ts"]);
    expect(source.reExports).toEqual([
      { name: "six", from: "packages/a/src/six.ts" },
      { name: "Seven", from: "packages/a/src/seven.ts" },
    ]);
  });

  test("has the functions that have a name, with their lengths", () => {
    expect(source.functions.map(({ name, lines }) => [name, lines])).toEqual([
      ["arrow", 3],
      ["method", 1],
      ["bound", 1],
      ["plain", 1],
      ["secret", 1],
    ]);
  });

  test("has its exported declarations, documented where a comment ends right before them", () => {
    expect(source.exports.map(({ name, isDocumented }) => [name, isDocumented])).toEqual([
      ["arrow", true],
      ["Bare", false],
      ["plain", false],
      ["Thing", false],
    ]);
  });

  test("that is no TypeScript is named", () => {
    expect(() => parseSource("broken.ts", "const = 1")).toThrow(/^broken\.ts: /);
  });
});

test("cycles are found through any number of files, and only what is on one", () => {
  const graph = { a: ["b"], b: ["c"], c: ["a", "d"], d: [], e: ["e"], f: ["a"], g: ["h"], h: ["g", "outside"] };
  expect(cyclesOf(new Map(Object.entries(graph)))).toEqual([["a", "b", "c"], ["e"], ["g", "h"]]);
});

test("a spread has the value that half, nine tenths and all do not exceed", () => {
  expect(spreadOf([3, 1, 2, 10, 4, 5, 6, 7, 8, 9])).toEqual({ median: 5, p90: 9, max: 10 });
  expect(() => spreadOf([])).toThrow(RangeError);
});

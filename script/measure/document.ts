import type { Measurements } from "./measure.ts";
import type { Spread } from "./statistics.ts";

const OURS = /^\| \*\*Repl Orchestrator\*\* .*\|$/m;

const spreadText = ({ median, p90, max }: Spread): string => `${median}/${p90}/${max}`;

/** Our row of the table in docs/measurements.md. */
export function rowOf(measured: Measurements): string {
  const { files, lines, fileLines, functionLines, commentPercent, documentedPercent, cycles, testRatio } = measured;
  const lengths = [spreadText(fileLines), spreadText(functionLines)];
  const cells = [
    `${files} / ${lines}`,
    ...lengths,
    commentPercent,
    documentedPercent,
    cycles.length,
    testRatio.toFixed(1),
  ];
  return `| **Repl Orchestrator** | ${cells.join(" | ")} |`;
}

/** The document with our row as it is now. @throws Error where it has none */
export function withRow(document: string, measured: Measurements): string {
  if (!OURS.test(document)) throw new Error("the document has no row of ours");
  return document.replace(OURS, () => rowOf(measured));
}

/**
 * Whether our row of a document is true enough: each of its numbers is within a tenth of what is measured, or within one (of a ratio, 0.2)
 * where they are small. So a row is written anew every few months, not with every commit.
 */
export function isTrueEnough(document: string, measured: Measurements): boolean {
  const said = numbersOf(OURS.exec(document)?.[0] ?? "");
  const now = numbersOf(rowOf(measured));
  return said.length === now.length && now.every((number, index) => isNear(said[index] ?? "", number));
}

const numbersOf = (row: string): string[] => row.match(/\d+(\.\d+)?/g) ?? [];

function isNear(said: string, now: string): boolean {
  const little = now.includes(".") ? 0.2 : 1;
  return Math.abs(Number(said) - Number(now)) <= Math.max(little, Number(now) / 10);
}

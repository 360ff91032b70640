import { type Figure, isReached } from "./figure.ts";

/** The figures as text: one line each, with limit and whether it is reached. */
export function table(figures: readonly Figure[]): string {
  const width = Math.max(...figures.map(({ name }) => name.length));
  return figures
    .map((figure) => `  ${figure.name.padEnd(width)}  ${numberOf(figure).padStart(14)}  ${verdict(figure)}`.trimEnd())
    .join("\n");
}

/** How units are written that are not written as they are named. */
const UNITS: Readonly<Record<string, string>> = { x: "×", us: "µs", count: "" };

/** A value with its unit, with no more digits than mean something. */
export function numberOf({ value, unit }: Pick<Figure, "value" | "unit">): string {
  const size = Math.abs(value);
  const digits = Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? unit}`.trimEnd();
}

function verdict(figure: Figure): string {
  if (figure.limit === undefined) return "";
  const { op, value: limit } = figure.limit;
  return `${isReached(figure) ? "reached" : "MISSED "} (${op === "<=" ? "at most" : "at least"} ${limit})`;
}

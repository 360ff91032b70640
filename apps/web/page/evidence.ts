/**
 * Evidence as indented text: names and values without JSON's punctuation, each object of plain values in a list on a
 * line of its own, a text of several lines below its name, and nothing that is empty.
 */
export function evidenceText(details: Readonly<Record<string, unknown>>): string {
  return linesOf(details).join("\n");
}

function linesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(itemLines);
  if (!isObject(value)) return String(value).trimEnd().split(/\r?\n/);
  return Object.entries(value).flatMap(([name, part]) => (isEmpty(part) ? [] : namedLines(name, part)));
}

function namedLines(name: string, part: unknown): string[] {
  const lines = linesOf(part);
  return isPlain(part) && lines.length === 1 ? [`${name}: ${lines[0]}`] : [`${name}:`, ...indented(lines)];
}

function itemLines(item: unknown): string[] {
  const inOne = isObject(item) && Object.values(item).every(isPlain);
  const [first = "", ...rest] = linesOf(inOne ? Object.entries(item).flatMap(wordOf).join("  ") : item);
  return [`- ${first}`, ...indented(rest)];
}

/** How often something happened is said where it was more than once. */
function wordOf([name, value]: [string, unknown]): string[] {
  if (name === "count") return Number(value) > 1 ? [`×${value}`] : [];
  return isEmpty(value) ? [] : [String(value).trimEnd()];
}

const indented = (lines: readonly string[]) => lines.map((line) => line && `  ${line}`);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPlain(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === "string") return value.trim() === "";
  return typeof value === "object" && Object.values(value).every(isEmpty);
}

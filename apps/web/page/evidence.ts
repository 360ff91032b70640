/**
 * Evidence as indented text: names and values without JSON's punctuation, each object of plain values in a list on a
 * line of its own, and nothing that is empty.
 */
export function evidenceText(details: Readonly<Record<string, unknown>>): string {
  return linesOf(details).join("\n");
}

function linesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(itemLines);
  if (!isObject(value)) return [String(value)];
  return Object.entries(value).flatMap(([name, part]) => {
    if (isEmpty(part)) return [];
    return isPlain(part) ? [`${name}: ${part}`] : [`${name}:`, ...indented(linesOf(part))];
  });
}

function itemLines(item: unknown): string[] {
  if (isObject(item) && Object.values(item).every(isPlain)) {
    const words = Object.values(item).filter((value) => !isEmpty(value));
    return [`- ${words.join("  ")}`];
  }
  const [first = "", ...rest] = linesOf(item);
  return [`- ${first}`, ...indented(rest)];
}

const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPlain(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return true;
  return typeof value === "object" && Object.values(value).every(isEmpty);
}

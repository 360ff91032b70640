import type { Measurements } from "./measure.ts";

/** What a figure may be at most. The figures of others in docs/measurements.md say where each limit comes from. */
interface Limit {
  readonly name: string;
  readonly most: number;
  readonly of: (measured: Measurements) => number;
  /** Where to look when it is exceeded. */
  readonly where?: (measured: Measurements) => readonly string[];
}

const LIMITS: readonly Limit[] = [
  {
    name: "cycles of imports",
    most: 0,
    of: ({ cycles }) => cycles.length,
    where: ({ cycles }) => cycles.map((cycle) => cycle.join(", ")),
  },
  {
    name: "exports of packages without a doc comment",
    most: 0,
    of: ({ undocumented }) => undocumented.length,
    where: ({ undocumented }) => undocumented,
  },
  { name: "lines of the longest file", most: 450, of: ({ fileLines }) => fileLines.max, where: fileOf },
  { name: "lines of nine files in ten", most: 265, of: ({ fileLines }) => fileLines.p90 },
  { name: "lines of half of the files", most: 70, of: ({ fileLines }) => fileLines.median },
  { name: "lines of the longest function", most: 133, of: ({ functionLines }) => functionLines.max, where: functionOf },
  { name: "lines of nine functions in ten", most: 25, of: ({ functionLines }) => functionLines.p90 },
  { name: "lines of half of the functions", most: 6, of: ({ functionLines }) => functionLines.median },
];

function fileOf({ longest }: Measurements): readonly string[] {
  return [longest.file];
}

function functionOf({ longest }: Measurements): readonly string[] {
  return [longest.function];
}

/** The limits that are exceeded, a sentence each with the places to look at. */
export function exceeded(measured: Measurements): string[] {
  return LIMITS.filter(({ most, of }) => of(measured) > most).map(({ name, most, of, where }) => {
    const places = where === undefined ? "" : `: ${where(measured).join("; ")}`;
    return `${name}: ${of(measured)}, at most ${most}${places}`;
  });
}

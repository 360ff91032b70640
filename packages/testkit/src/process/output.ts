import type { Readable } from "node:stream";

/** A process that writes for days must not fill the memory; a test never comes near this. */
const KEPT_LINES = 100_000;

/** Both output streams of a process, line by line in order of arrival; the last 100,000 lines are kept. */
export interface Output {
  /** Everything so far, stdout and stderr as they came. */
  text(): string;
  /** Complete lines so far. */
  lines(): string[];
  /** The first line, past or to come, that matches; pending for ever when none comes. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Collects what the streams say and passes each complete line on to `onLine`. */
export function collectOutput(streams: readonly Readable[], onLine?: (line: string) => void): Output {
  const lines: string[] = [];
  const partial = streams.map(() => "");
  const waiting = new Set<(line: string) => void>();
  const add = (line: string): void => {
    if (lines.push(line) > KEPT_LINES) lines.splice(0, KEPT_LINES / 10);
    onLine?.(line);
    for (const look of waiting) look(line);
  };
  streams.forEach((stream, index) => {
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      const parts = (partial[index] + chunk).split("\n");
      partial[index] = parts.pop() ?? "";
      for (const line of parts) add(line);
    });
    stream.on("end", () => {
      const rest = partial[index] ?? "";
      partial[index] = "";
      if (rest !== "") add(rest);
    });
  });
  return {
    text: () => [...lines, ...partial.filter((rest) => rest !== "")].join("\n"),
    lines: () => [...lines],
    line: (pattern) => firstMatch(lines, waiting, pattern),
  };
}

function firstMatch(
  lines: readonly string[],
  waiting: Set<(line: string) => void>,
  pattern: RegExp,
): Promise<RegExpExecArray> {
  return new Promise((resolve) => {
    const look = (line: string): boolean => {
      pattern.lastIndex = 0;
      const match = pattern.exec(line);
      if (match === null) return false;
      waiting.delete(look);
      resolve(match);
      return true;
    };
    if (!lines.some(look)) waiting.add(look);
  });
}

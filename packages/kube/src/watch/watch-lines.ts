/** Longer than any event: etcd takes objects up to 1.5 MiB. Bounds what a stream without line ends can cost. */
const MAX_LINE_CHARACTERS = 16 * 1024 * 1024;

/** Cuts a text that comes in parts into its lines, without their ends. Empty lines are left out. */
export interface LineSplitter {
  /**
   * The lines that end in the next part.
   * @throws {RangeError} when a line is longer than 16 Mi characters
   */
  take(part: string): string[];
  /** The last line, where the text ended without its end. */
  rest(): string[];
}

/** Builds a splitter for one text. */
export function createLineSplitter(): LineSplitter {
  let rest = "";
  return {
    take(part) {
      const lines = (rest + part).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > MAX_LINE_CHARACTERS) throw new RangeError("a line of the watch does not end");
      return lines.filter((line) => line !== "");
    },
    rest: () => (rest === "" ? [] : [rest]),
  };
}

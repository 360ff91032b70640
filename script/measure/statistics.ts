/** How a set of numbers is spread. */
export interface Spread {
  /** The middle value; of an even number the smaller of the two in the middle. */
  readonly median: number;
  /** The smallest value that nine tenths of all do not exceed. */
  readonly p90: number;
  readonly max: number;
}

/** The spread of some numbers. @throws RangeError on none */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (share: number): number => {
    const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
    if (value === undefined) throw new RangeError("no values");
    return value;
  };
  return { median: rank(0.5), p90: rank(0.9), max: rank(1) };
}

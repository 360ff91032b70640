import { median } from "./statistics.ts";

/** What a figure must reach. */
export interface Limit {
  readonly op: "<=" | ">=";
  readonly value: number;
}

/** One measured number. Ratios have the unit `x`. */
export interface Figure {
  /** What was measured and against what, such as `POST /start: rate against queue and route combined`. */
  readonly name: string;
  readonly value: number;
  /** `x` (a ratio), `1/s`, `ms`, `us`, `MB`, `KB`, `%`, `count`. */
  readonly unit: string;
  /** Left out: the figure is there to read the others by. */
  readonly limit?: Limit;
  /** The values of the single rounds, in their order, where there were several. */
  readonly rounds?: readonly number[];
}

/** The median of several rounds, with them. @throws RangeError on no rounds */
export function ofRounds(name: string, unit: string, rounds: readonly number[], limit?: Limit): Figure {
  return { name, value: median(rounds), unit, rounds, ...(limit === undefined ? {} : { limit }) };
}

/** A program whose version a figure may depend on. */
export type Tool = "go" | "kubernetes";

/** A command of this folder: it measures on its own and gives its figures. */
export interface Benchmark {
  /** By which the command line names it. */
  readonly name: string;
  /** One sentence for `--list`. */
  readonly about: string;
  /** What it needs beyond a machine with Node.js, Go and Redis; it then runs only where it is named. */
  readonly special?: string;
  /** What runs beside Node.js and Redis, whose versions a result names too. */
  readonly uses?: readonly Tool[];
  readonly run: (context: BenchContext) => Promise<readonly Figure[]>;
}

/** What a benchmark is run with. */
export interface BenchContext {
  /** Shorter and fewer rounds, for a look; the figures are rougher. */
  readonly quick: boolean;
  /** For the Node.js process that is measured: how to profile it, if it shall be. */
  readonly nodeArgs: readonly string[];
  /** Tells the person who waits what happens now. */
  readonly say: (line: string) => void;
}

/** Whether the figure is within its limit; one without a limit always is. */
export function isReached({ value, limit }: Figure): boolean {
  if (limit === undefined) return true;
  return limit.op === "<=" ? value <= limit.value : value >= limit.value;
}

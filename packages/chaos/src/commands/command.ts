import type { Fsync } from "../service/installation.ts";
import type { TargetName } from "../target/target.ts";

/** What a command was told; each uses what is its own. */
export interface Values {
  readonly target: TargetName;
  readonly seeds: number;
  readonly seed: number;
  readonly round: number;
  readonly workers: number;
  readonly pairs: boolean;
  readonly jobs: number;
  readonly kills: number;
  readonly rounds: number;
  /** Whether the event loop alone stands still. */
  readonly blocked: boolean;
  readonly fsync: Fsync;
  readonly power: boolean;
  /** Where the history of a round that broke an invariant is written; undefined: nowhere. */
  readonly history: string | undefined;
}

/** Says one line. */
export type Say = (line: string) => void;

/** One command: true where everything held. */
export type Command = (values: Values, say: Say) => Promise<boolean>;

/** One change of one file. `find` must be in it exactly once. */
export interface Edit {
  /** Path in the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A build of the product that is wrong on purpose, and must be caught. */
export interface BrokenBuild {
  readonly name: string;
  /** The invariant that it breaks. */
  readonly breaks: string;
  readonly edits: readonly Edit[];
}

/** One that a schedule of the simulation shows. */
export interface SimulatedBuild extends BrokenBuild {
  /** Where the search for a schedule that shows it begins: close before one that did, when this was written. */
  readonly seed: number;
}

/** How long the client waits for what, in milliseconds. */
export interface Timing {
  /** For an ordinary answer. Default: 15,000. */
  readonly requestTimeoutMs: number;
  /** An event stream that says nothing for this long is taken for dead; the service says something every 15 s. Default: 40,000. */
  readonly silenceMs: number;
  /** An event stream whose first byte takes longer is held back by something in between: from then on the client polls. Default: 10,000. */
  readonly firstByteMs: number;
  /** Pause after the first failure in a row; doubles with each further one. Default: 500. */
  readonly firstPauseMs: number;
  /** Longest such pause, and longest wait that is accepted when the service asks for one. Default: 15,000. */
  readonly longestPauseMs: number;
  /** The service answers a long poll after this long at the latest: 1,000 to 30,000. Default: 25,000. */
  readonly pollMs: number;
}

export const DEFAULT_TIMING: Timing = {
  requestTimeoutMs: 15_000,
  silenceMs: 40_000,
  firstByteMs: 10_000,
  firstPauseMs: 500,
  longestPauseMs: 15_000,
  pollMs: 25_000,
};

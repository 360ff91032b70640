/**
 * Why an attempt has to stop although nothing went wrong in it. `cancelled`: its job has ended. `lost`: another attempt
 * may hold the repl. `shutdown`: the worker is ending and hands the job back.
 */
export type EndReason = "cancelled" | "lost" | "shutdown";

/** The reason with which an attempt's signal is aborted. Not a failure of the job. */
export class AttemptEnded extends Error {
  override readonly name = "AttemptEnded";
  readonly reason: EndReason;

  constructor(reason: EndReason) {
    super(`the attempt has ended: ${reason}`);
    this.reason = reason;
  }
}

/** Thrown by a processor that has put its job among the delayed ones itself. */
export class DelayedError extends Error {
  override readonly name = "DelayedError";
}

/** Thrown by a processor that has given its job back to the queue itself. */
export class WaitingError extends Error {
  override readonly name = "WaitingError";
}

/** Thrown by a processor whose job is not to be tried again. */
export class UnrecoverableError extends Error {
  override readonly name = "UnrecoverableError";
}

/** Waits until a condition holds; fails loudly after a bounded time. Polls each turn of a short timer: for state without events. */
export async function eventually(condition: () => boolean, what: string, deadlineMs = 5000): Promise<void> {
  const endsAt = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > endsAt) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The error a promise rejects with; fails when it does not. */
export async function failure<E = Error>(promise: Promise<unknown>): Promise<E> {
  try {
    await promise;
  } catch (error) {
    return error as E;
  }
  throw new Error("expected a rejection");
}

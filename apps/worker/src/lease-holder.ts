import type { JobChange, JobStore, Lease } from "@repl/contract";
import type { Attempt } from "@repl/provision";
import { AttemptEnded, type EndReason } from "./attempt-ended.ts";

/** An attempt that holds its repl's lease, renews it, and ends by itself when it cannot. */
export interface LeaseHolder extends Attempt {
  /** Ends the attempt from outside. The first reason counts. */
  end(reason: EndReason): void;
  /** Stops renewing. Giving the lease back is `settle`'s work. */
  release(): void;
}

/** Renewals per length of a lease: two may fail before it is lost. */
const RENEWALS_PER_LEASE = 3;

/**
 * Keeps a lease that `begin` has just given. Where Redis does not answer for the length of the lease, the attempt ends by
 * its own clock: by then another worker may hold the repl.
 */
export function holdLease(store: JobStore, lease: Lease): LeaseHolder {
  const controller = new AbortController();
  const { signal } = controller;
  const end = (reason: EndReason) => {
    if (!signal.aborted) controller.abort(new AttemptEnded(reason));
  };

  let released = false;
  let expiry = setTimeout(end, store.leaseMs, "lost");
  const renew = async (change?: JobChange) => {
    signal.throwIfAborted();
    const asked = performance.now();
    const hold = await store.report(lease, change);
    if (hold !== "ok") end(hold);
    // An answer that this process has read so late guards nothing: another worker may hold the repl by now.
    const leftMs = asked + store.leaseMs - performance.now();
    if (leftMs <= 0) end("lost");
    signal.throwIfAborted();
    if (released) return;
    clearTimeout(expiry);
    expiry = setTimeout(end, leftMs, "lost");
  };
  // A failed renewal shows when the lease runs out; until then the next one may succeed.
  const timer = setInterval(() => renew().catch(() => {}), store.leaseMs / RENEWALS_PER_LEASE);

  // What asks in one turn of the event loop asks in the same moment: one answer is for all of it.
  let asking: Promise<void> | undefined;
  const ask = (change?: JobChange): Promise<void> => {
    asking = renew(change);
    setImmediate(() => {
      asking = undefined;
    });
    return asking;
  };

  return {
    signal,
    end,
    guard: () => asking ?? ask(),
    report: ask,
    release() {
      released = true;
      clearInterval(timer);
      clearTimeout(expiry);
    },
  };
}

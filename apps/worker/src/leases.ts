import type { Hold, JobChange, JobStore, Lease } from "@repl/contract";
import type { Attempt } from "@repl/provision";
import { AttemptEnded, type EndReason } from "./attempt-ended.ts";

/** An attempt that holds its repl's lease, and ends by itself when it cannot keep it. */
export interface LeaseHolder extends Attempt {
  /** Ends the attempt from outside. The first reason counts. */
  end(reason: EndReason): void;
  /** Its lease is renewed no more. Giving it back is `settle`'s work. */
  release(): void;
}

/** The leases of all attempts under way in this process. */
export interface Leases {
  /** Keeps a lease that `begin` has just given. */
  hold(lease: Lease): LeaseHolder;
}

/** Renewals per length of a lease: two may fail before it is lost. */
const RENEWALS_PER_LEASE = 3;

interface Held {
  readonly lease: Lease;
  readonly signal: AbortSignal;
  /** What Redis answered to a renewal that was asked for at `askedAt`, by `performance.now()`. */
  take(hold: Hold, askedAt: number): void;
}

/**
 * Renews all leases together, in one round trip: most attempts wait for their pods, and renewals of their own would be the larger part
 * of what a long wait costs. Where Redis does not answer for the length of a lease, its attempt ends by its own clock: by then
 * another worker may hold the repl.
 */
export function createLeases(store: Pick<JobStore, "leaseMs" | "renew" | "report">): Leases {
  const { leaseMs } = store;
  const all = new Set<Held>();
  let timer: NodeJS.Timeout | undefined;

  const renewAll = async () => {
    const held = [...all].filter(({ signal }) => !signal.aborted);
    if (held.length === 0) return;
    const askedAt = performance.now();
    const holds = await store.renew(held.map(({ lease }) => lease));
    for (const [index, { take }] of held.entries()) take(holds[index] ?? "lost", askedAt);
  };
  const keep = (held: Held) => {
    all.add(held);
    // A failed renewal shows when the leases run out; until then the next one may succeed.
    timer ??= setInterval(() => renewAll().catch(() => {}), leaseMs / RENEWALS_PER_LEASE);
  };
  const forget = (held: Held) => {
    all.delete(held);
    if (all.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  return {
    hold(lease) {
      const controller = new AbortController();
      const { signal } = controller;
      const end = (reason: EndReason) => {
        if (!signal.aborted) controller.abort(new AttemptEnded(reason));
      };

      let expiry = setTimeout(end, leaseMs, "lost");
      const take = (hold: Hold, askedAt: number) => {
        if (hold !== "ok") end(hold);
        // An answer that this process has read so late guards nothing: another worker may hold the repl by now.
        const leftMs = askedAt + leaseMs - performance.now();
        if (leftMs <= 0) end("lost");
        if (signal.aborted || !all.has(held)) return;
        clearTimeout(expiry);
        expiry = setTimeout(end, leftMs, "lost");
      };
      const held: Held = { lease, signal, take };
      keep(held);

      // What asks in one turn of the event loop asks in the same moment: one answer is for all of it.
      let asking: Promise<void> | undefined;
      const ask = (command: () => Promise<Hold>): Promise<void> => {
        const askNow = async () => {
          signal.throwIfAborted();
          const askedAt = performance.now();
          take(await command(), askedAt);
          signal.throwIfAborted();
        };
        asking = askNow();
        setImmediate(() => {
          asking = undefined;
        });
        return asking;
      };
      const renewed = async () => (await store.renew([lease]))[0] ?? "lost";

      return {
        signal,
        end,
        guard: () => asking ?? ask(renewed),
        report: (change: JobChange) => ask(() => store.report(lease, change)),
        release() {
          clearTimeout(expiry);
          forget(held);
        },
      };
    },
  };
}

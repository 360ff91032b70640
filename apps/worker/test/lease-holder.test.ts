import type { JobStore, Lease } from "@repl/contract";
import { expect, test, vi } from "vitest";
import { holdLease } from "../src/lease-holder.ts";

const LEASE_MS = 60;
const LEASE = { jobId: "job", replId: "demo", token: 1 } as unknown as Lease;

/** A store that gives the lease again, in its own way. */
function storeThat(report: JobStore["report"]): JobStore {
  return { leaseMs: LEASE_MS, report } as JobStore;
}

/** An answer whose reader was held up, as a process is that gets no processor. */
function lateOk(ms: number): "ok" {
  const until = performance.now() + ms;
  while (performance.now() < until);
  return "ok";
}

test("an answer that is read when the lease that it gave is over guards nothing", async () => {
  const warn = vi.spyOn(process, "emitWarning");
  const held = holdLease(
    // In this phase of the loop no timer comes between the answer and who waits for it.
    storeThat(() => new Promise((resolve) => setImmediate(() => resolve(lateOk(2 * LEASE_MS))))),
    LEASE,
  );
  await expect(held.guard()).rejects.toMatchObject({ reason: "lost" });
  expect(held.signal.aborted).toBe(true);
  held.release();
  expect(warn).not.toHaveBeenCalled();
});

test("a lease that is given again in time is held", async () => {
  const held = holdLease(
    storeThat(async () => "ok"),
    LEASE,
  );
  await held.guard();
  await new Promise((resolve) => setTimeout(resolve, 3 * LEASE_MS));
  await held.guard();
  expect(held.signal.aborted).toBe(false);
  held.release();
});

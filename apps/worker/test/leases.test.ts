import type { Hold, JobStore, Lease } from "@repl/contract";
import { waitFor } from "@repl/testkit";
import { expect, onTestFinished, test, vi } from "vitest";
import { createLeases } from "../src/leases.ts";

/** Three renewals of it: a process that gets no processor for half a second still keeps its leases. */
const LEASE_MS = 900;

/** Leases on a store that renews them in its own way. */
function leasesOn(renew: JobStore["renew"]) {
  const leases = createLeases({ leaseMs: LEASE_MS, renew, report: async () => "ok" });
  return (jobId: string) => {
    const held = leases.hold({ jobId } as Lease);
    onTestFinished(held.release);
    return held;
  };
}

const allOk: JobStore["renew"] = async (leases) => leases.map(() => "ok");

/** An answer whose reader was held up, as a process is that gets no processor. */
function late<Answer>(answer: Answer, ms: number): Answer {
  const until = performance.now() + ms;
  while (performance.now() < until);
  return answer;
}

test("an answer that is read when the lease that it gave is over guards nothing", async () => {
  const warn = vi.spyOn(process, "emitWarning");
  // In this phase of the loop no timer comes between the answer and who waits for it.
  const hold = leasesOn(() => new Promise((resolve) => setImmediate(() => resolve(late(["ok"], LEASE_MS + 50)))));
  const held = hold("job");
  await expect(held.guard()).rejects.toMatchObject({ reason: "lost" });
  expect(held.signal.aborted).toBe(true);
  expect(warn).not.toHaveBeenCalled();
});

test("a lease that is given again in time is held", async () => {
  const held = leasesOn(allOk)("job");
  await held.guard();
  await new Promise((resolve) => setTimeout(resolve, 1.5 * LEASE_MS));
  await held.guard();
  expect(held.signal.aborted).toBe(false);
});

test("all leases are renewed in one call, until they are released or their attempts have ended", async () => {
  const renewed: string[] = [];
  const hold = leasesOn((leases) => {
    renewed.push(leases.map(({ jobId }) => jobId).join());
    return allOk(leases);
  });
  const [one, two, three] = [hold("1"), hold("2"), hold("3")];
  const next = () => {
    const seen = renewed.length;
    return waitFor(() => renewed.length > seen && renewed.at(-1), { what: "a renewal", intervalMs: 1 });
  };
  expect(await next()).toBe("1,2,3");
  two.end("cancelled");
  expect(await next()).toBe("1,3");
  one.release();
  expect(await next()).toBe("3");
  three.release();
  const seen = renewed.length;
  await new Promise((resolve) => setTimeout(resolve, LEASE_MS / 2));
  expect(renewed).toHaveLength(seen);
  hold("4");
  expect(await next()).toBe("4");
});

test("each answer is of its own lease", async () => {
  const answers: Readonly<Record<string, Hold>> = { 1: "ok", 2: "lost", 3: "cancelled" };
  const hold = leasesOn(async (leases) => leases.map(({ jobId }) => answers[jobId] ?? "ok"));
  const held = Object.keys(answers).map(hold);
  await waitFor(() => held.filter(({ signal }) => signal.aborted).length === 2, { what: "two attempts to end" });
  expect(held.map(({ signal }) => signal.reason?.reason)).toEqual([undefined, "lost", "cancelled"]);
});

test("where no renewal succeeds, the attempts end when their leases run out, and not before", async () => {
  let tries = 0;
  const hold = leasesOn(async () => {
    tries += 1;
    throw new Error("Redis is away");
  });
  const since = performance.now();
  const held = [hold("1"), hold("2")];
  await waitFor(() => held.every(({ signal }) => signal.aborted), { what: "both attempts to end" });
  expect(performance.now() - since).toBeGreaterThanOrEqual(LEASE_MS - 5);
  expect(held.map(({ signal }) => signal.reason?.reason)).toEqual(["lost", "lost"]);
  expect(tries).toBeGreaterThan(0);
});

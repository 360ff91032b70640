import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

/** Ten samples of the event loop's delay, and a few looks at Redis. One timer of 20 ms more shows. */
const WAKINGS_PER_SECOND = 30;
const SECONDS = 10;

test("a worker that has nothing to do sleeps", { timeout: 120_000 }, async () => {
  await using target = await openSimulator();
  await using system = await startSystem(target);
  const { state } = await system.ended(await system.submit("start", "once"));
  expect(state).toBe("completed");

  const pid = system.workers[0]?.pid ?? 0;
  const before = await wakingsOf(pid);
  await sleep(SECONDS * 1_000);
  const wakings = (await wakingsOf(pid)) - before;
  expect(wakings).toBeGreaterThan(0);
  expect(wakings).toBeLessThanOrEqual(WAKINGS_PER_SECOND * SECONDS);
});

/** How often a process's main thread has waited so far. Linux only. */
async function wakingsOf(pid: number): Promise<number> {
  const line = (await readFile(`/proc/${pid}/status`, "utf8")).match(/^voluntary_ctxt_switches:\s+(\d+)/m);
  return Number(line?.[1]);
}

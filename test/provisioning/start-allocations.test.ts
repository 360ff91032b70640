import { allocatedBytes, COUNTS_ALLOCATIONS } from "@repl/testkit";
import { expect, test } from "vitest";
import { startSystem } from "../support/system.ts";
import { openSimulator } from "../support/targets.ts";
import { runStarts } from "./support/held-starts.ts";

/** Before the count: everything has been compiled and every connection opened. */
const WARM_UP = 100;
const STARTS = 100;
/** A start with one step of progress. Runs differ by a hundredth; whoever exceeds this by choice says so here. */
const MOST_BYTES = 391_000;

test(`a start takes a worker ${MOST_BYTES / 1_000} KB of objects at most`, { timeout: 150_000 }, async () => {
  await using target = await openSimulator({ controllers: false });
  const env = {
    ...COUNTS_ALLOCATIONS,
    WORKER_CONCURRENCY: "10",
    SWEEP_INTERVAL_SECONDS: "3600",
    MAX_RUNNING_PER_USER: "0",
    MAX_STARTING_PER_USER: "0",
    ORDERS_PER_MINUTE: "0",
  };
  await using system = await startSystem(target, { workers: 0, env, namespace: "default" });
  const worker = await system.startWorker();
  await runStarts(system, target, "warm", WARM_UP);
  const before = await allocatedBytes(worker);
  await runStarts(system, target, "repl", STARTS);
  const bytes = ((await allocatedBytes(worker)) - before) / STARTS;
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
  // Far below it, the limit has lost its meaning: lower it.
  expect(bytes).toBeGreaterThan(0.9 * MOST_BYTES);
});

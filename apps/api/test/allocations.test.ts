import { allocatedBytes, COUNTS_ALLOCATIONS, startRedis } from "@repl/testkit";
import { expect, test } from "vitest";
import { startApiProcess } from "./api-process.ts";
import { bearer, EVERY_CHECK, tokenOf } from "./tokens.ts";

/** Before the count: everything has been compiled and every connection opened. */
const WARM_UP = 200;
const STARTS = 200;
/** Of `POST /start` with every check on. Runs differ by a hundredth or two; whoever exceeds this by choice says so here. */
const MOST_BYTES = 95_000;

test(`an accepted start takes the api ${MOST_BYTES / 1_000} KB of objects at most`, { timeout: 60_000 }, async () => {
  await using redis = await startRedis();
  await using api = await startApiProcess({ ...COUNTS_ALLOCATIONS, ...EVERY_CHECK, REDIS_URL: redis.url });
  const headers = { "content-type": "application/json", ...bearer(await tokenOf("alice")) };
  const starts = async (name: string, count: number): Promise<void> => {
    for (let number = 0; number < count; number += 1) {
      const body = JSON.stringify({ replId: `${name}-${number}` });
      const answer = await fetch(`${api.base}/start`, { method: "POST", headers, body });
      expect(await answer.json()).toMatchObject({ state: "queued" });
    }
  };
  await starts("warm", WARM_UP);
  const before = await allocatedBytes(api.process);
  await starts("repl", STARTS);
  const bytes = ((await allocatedBytes(api.process)) - before) / STARTS;
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
  // Far below it, the limit has lost its meaning: lower it.
  expect(bytes).toBeGreaterThan(0.9 * MOST_BYTES);
});

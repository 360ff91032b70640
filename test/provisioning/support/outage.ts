import { setTimeout as delay } from "node:timers/promises";
import { waitFor } from "@repl/testkit";
import { expect } from "vitest";
import { startSystem } from "../../support/system.ts";
import type { Target } from "../../support/targets.ts";
import { followAll, startAll } from "./jobs.ts";
import { ownResources, threeOf } from "./resources.ts";
import { PLAIN_POD } from "./templates.ts";

const REPLS = Array.from({ length: 50 }, (_, index) => `repl-${index}`);
/** The outage begins when so many starts are done; the others are anywhere. */
const DONE_BEFORE = 10;
const OUTAGE_MS = 20_000;
/** From the end of the outage to the end of the last job. */
export const BACK_WITHIN_MS = 5_000;

/** What goes wrong, and how it is put right. */
export interface Outage {
  readonly target: Target;
  readonly namespace: string;
  begin(): Promise<void>;
  /** Resolves when what was away is back. */
  end(): Promise<void>;
}

/** How an outage went. */
export interface Survival {
  /** What the workers logged. */
  readonly logs: string;
  /** From the end of the outage to the end of the last job, in ms. */
  readonly lastAfterMs: number;
}

/** Starts fifty repls, lets the outage happen in the middle of it, and follows all jobs to their end. */
export async function surviveOutage({ target, namespace, begin, end }: Outage): Promise<Survival> {
  const env = { TEMPLATE_PATH: PLAIN_POD, WORKER_CONCURRENCY: "25", SWEEP_INTERVAL_SECONDS: "3600" };
  await using system = await startSystem(target, { workers: 2, env, namespace });
  const jobIds = await startAll(system, REPLS);
  // One number and not fifty statuses: by the time those are read, the starts are over.
  const open = async () => Number(await system.redis.command("ZCARD", `${system.prefix}:open`));
  await waitFor(async () => (await open()) <= REPLS.length - DONE_BEFORE, {
    what: `${DONE_BEFORE} starts to be done`,
    timeoutMs: 60_000,
  });
  await begin();
  await delay(OUTAGE_MS);
  expect(await open(), "starts that the outage has met").toBeGreaterThan(0);
  await end();
  const backAt = Date.now();

  const statuses = await followAll(system, jobIds);
  expect(statuses.filter(({ state, attempts }) => state !== "completed" || attempts.made > 1)).toEqual([]);
  expect(await ownResources(target.api, namespace)).toEqual(REPLS.flatMap(threeOf).sort());
  const lastAfterMs = Math.max(...statuses.map(({ finishedAt }) => Date.parse(finishedAt ?? ""))) - backAt;
  return { logs: system.workers.map(({ output }) => output.text()).join("\n"), lastAfterMs };
}

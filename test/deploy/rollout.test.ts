import { waitFor } from "@repl/testkit";
import { expect, test } from "vitest";
import { followAll } from "../provisioning/support/jobs.ts";
import { type ApiProcess, startSystem } from "../support/system.ts";
import { openSimulator } from "../support/targets.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { startSteadily } from "./support/steady-starts.ts";

const STARTS_PER_SECOND = 20;
/** Longer than the balancer may be behind; k8s/base has 10 s of 40, for proxies that are slower. */
const SETTINGS = { DRAIN_DELAY_SECONDS: "2", SHUTDOWN_GRACE_SECONDS: "20" };

test("a rolling restart of apis and workers under 20 starts a second fails no request and no job", async () => {
  await using target = await openSimulator();
  await using system = await startSystem(target, { apis: 2, workers: 2, env: SETTINGS });
  await using balancer = await startBalancer();
  for (const api of system.apis) balancer.add(api);
  await waitFor(() => balancer.ready().length === 2, { what: "both apis to be ready" });

  const starts = startSteadily(balancer.url, STARTS_PER_SECOND);
  await waitFor(() => starts.accepted >= STARTS_PER_SECOND, { what: "a second of starts" });
  const replaceApis = async () => {
    for (const old of system.apis) await replaceApi(old, await system.startApi(), balancer);
  };
  const replaceWorkers = async () => {
    for (const old of system.workers) {
      await system.startWorker();
      old.kill("SIGTERM");
      expect(await old.exited).toMatchObject({ code: 0 });
    }
  };
  await Promise.all([replaceApis(), replaceWorkers()]);
  const after = starts.accepted;
  await waitFor(() => starts.accepted >= after + STARTS_PER_SECOND, { what: "a second of starts afterwards" });

  const { jobIds, retried, failed } = await starts.stop();
  console.log(`${jobIds.length} starts accepted, ${retried} sent again, ${failed.length} failed`);
  expect(failed).toEqual([]);
  const through = { ...system, apis: [{ url: balancer.url }] } as unknown as typeof system;
  const jobs = await followAll(through, jobIds);
  expect(jobs.filter(({ state }) => state !== "completed")).toEqual([]);
  expect(new Set(jobIds).size).toBe(jobs.length);
}, 180_000);

/** As a Deployment with maxUnavailable 0 does: the new one is ready, then the old one is told to end. */
async function replaceApi(old: ApiProcess, fresh: ApiProcess, balancer: Balancer): Promise<void> {
  balancer.add(fresh);
  await waitFor(() => balancer.ready().includes(fresh), { what: "the new api to be ready" });
  old.process.kill("SIGTERM");
  expect(await old.process.exited).toMatchObject({ code: 0 });
}

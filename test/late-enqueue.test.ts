import { keysOf } from "@repl/contract";
import { listResources, startRedis, startTcpProxy, type TcpProxy, waitFor } from "@repl/testkit";
import { describe, expect, test } from "vitest";
import { submitPatiently } from "./support/submit.ts";
import { startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

/** Freezes an api by its link to Redis, at the moment when the answer to the recording passes or just after it. */
type FreezeBetween = (link: TcpProxy, freeze: () => void) => void;

const beforeItKnows: FreezeBetween = (link, freeze) => {
  link.inspect((direction, data) => {
    if (direction === "down" && data.includes('"accepted"')) freeze();
    return "pass";
  });
};

const withTheEnqueueingUnderWay: FreezeBetween = (link, freeze) => {
  link.inspect((direction, data) => {
    if (direction === "down" && data.includes('"accepted"')) link.set("up", { hold: true });
    if (direction === "up" && data.includes(":repls:")) freeze();
    return "pass";
  });
};

describe("an api that is frozen between recording a job and enqueueing it", () => {
  test.each([
    ["before it knows that the job is recorded", beforeItKnows],
    ["with the enqueueing under way", withTheEnqueueingUnderWay],
  ])("%s, and goes on when the job is over: nothing runs twice", { timeout: 90_000 }, async (_when, freezeBetween) => {
    await using target = await openSimulator();
    await using server = await startRedis();
    await using link = await startTcpProxy({ targetPort: server.port });
    const throughLink = { REDIS_URL: `redis://127.0.0.1:${link.port}` };
    const redis = { server, env: throughLink, workerEnv: { REDIS_URL: server.url } };
    await using system = await startSystem(target, { redis, env: { SWEEP_INTERVAL_SECONDS: "1" } });
    const keys = keysOf(system.prefix);
    const openJobs = async () => (await server.command("ZRANGE", keys.open, 0, -1)) as string[];
    const record = (jobId: string) => server.command("HGETALL", `${system.prefix}:job:${jobId}`);
    const writes = () => target.simulator.audit.entries({ write: true }).filter(({ status }) => status < 300).length;

    const order = { userId: "alice", replId: "late" };
    const frozen = Promise.withResolvers<void>();
    freezeBetween(link, () => {
      link.inspect(undefined);
      system.apis[0]?.process.kill("SIGSTOP");
      frozen.resolve();
    });
    const answer = system.post("/start", order).then(({ status }) => status);
    await frozen.promise;
    const [jobId = ""] = await openJobs();
    expect(await server.command("EXISTS", `${keys.queue}:${jobId}`)).toBe(0);

    await waitFor(async () => (await openJobs()).length === 0, { what: "the sweep to have it run", timeoutMs: 60_000 });
    const [ended, written] = [await record(jobId), writes()];
    const resources = await listResources(target.api, system.namespace);
    await link.heal();
    system.apis[0]?.process.kill("SIGCONT");
    expect([202, 503]).toContain(await answer);
    expect(await system.ended(jobId)).toMatchObject({ state: "completed", attempts: { made: 1 } });
    // What was enqueued late would run before the next start.
    await system.ended((await submitPatiently(system, "start", order)).jobId);
    expect(writes()).toBe(written);
    expect(await record(jobId)).toEqual(ended);
    expect(await listResources(target.api, system.namespace)).toEqual(resources);

    await system.ended((await submitPatiently(system, "stop", order)).jobId);
    expect(await listResources(target.api, system.namespace)).toEqual([]);
    expect(await openJobs()).toEqual([]);
  });
});

import { randomBytes, randomUUID } from "node:crypto";
import { createJobStore, type JobStatus } from "@repl/contract";
import { keysWithPrefix, listResources, type RunningProcess } from "@repl/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenRedis, TOPOLOGIES } from "./support/redis-topologies.ts";
import { submitPatiently } from "./support/submit.ts";
import { type System, startSystem } from "./support/system.ts";
import { openSimulator, type Target } from "./support/targets.ts";

const STARTS = 200;
const idsOf = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}-${index}`);

describe.each(TOPOLOGIES)("on $name", ({ missing, open }) => {
  describe.skipIf(missing())("the service", () => {
    const prefix = `{${randomBytes(4).toString("hex")}}`;
    let target: Target;
    let redis: OpenRedis;
    let system: System;
    const workers: RunningProcess[] = [];

    beforeAll(async () => {
      target = await openSimulator();
      redis = await open(prefix);
      const env = { SWEEP_INTERVAL_SECONDS: "1", MAX_RUNNING_PER_USER: String(STARTS), WORKER_CONCURRENCY: "20" };
      system = await startSystem(target, { redis, prefix, apis: 2, workers: 0, env });
    }, 90_000);
    afterAll(async () => {
      await system?.[Symbol.asyncDispose]();
      await redis?.[Symbol.asyncDispose]();
      await target?.[Symbol.asyncDispose]();
    });

    const submit = async (kind: "start" | "stop", userId: string, replId: string) =>
      submitPatiently(system, kind, { userId, replId });
    const endAll = (jobIds: readonly string[]): Promise<JobStatus[]> =>
      Promise.all(jobIds.map((jobId) => system.ended(jobId, 60_000)));
    const names = async (kind: string) =>
      (await listResources(target.api, system.namespace)).filter((subject) => subject.startsWith(`${kind}/`));

    test("users take turns in the queue", async () => {
      const jobIds: string[] = [];
      for (const [userId, replId] of [
        ["anna", "a-1"],
        ["anna", "a-2"],
        ["anna", "a-3"],
        ["ben", "b-1"],
      ] as const)
        jobIds.push((await submit("start", userId, replId)).jobId);
      const queued = await redis.server.command("ZRANGE", `${prefix}:repls:prioritized`, 0, -1);
      const [first, second, third, fourth] = jobIds;
      expect(queued).toEqual([first, fourth, second, third]);

      workers.push(...(await Promise.all([system.startWorker(), system.startWorker()])));
      expect((await endAll(jobIds)).map(({ state }) => state)).toEqual(jobIds.map(() => "completed"));
    });

    test("a start is followed to its end, and a stop leaves nothing", async () => {
      const { jobId } = await submit("start", "carl", "followed");
      const events = await (await fetch(`${system.apis[1]?.url}/jobs/${jobId}/events`)).text();
      expect(events).toMatch(/event: completed\r?\n/);
      expect(await names("Service")).toContain("Service/followed");
      const [stopped] = await endAll([(await submit("stop", "carl", "followed")).jobId]);
      expect(stopped).toMatchObject({ kind: "stop", state: "completed" });
      expect(await names("Service")).not.toContain("Service/followed");
    });

    test("a start whose stop comes at once is cancelled, and so is what a worker does for it", async () => {
      const start = await submit("start", "carl", "brief");
      const stop = await submit("stop", "carl", "brief");
      const [begun, ended] = await endAll([start.jobId, stop.jobId]);
      expect(["cancelled", "completed"]).toContain(begun?.state);
      expect(ended?.state).toBe("completed");
      expect(await names("Deployment")).not.toContain("Deployment/brief");
    });

    test(`${STARTS} starts at once are each done once, and one more is refused`, { timeout: 120_000 }, async () => {
      const replIds = idsOf("many", STARTS);
      const accepted = await Promise.all(replIds.map((replId) => submit("start", "dora", replId)));
      expect(accepted.filter(({ status }) => status !== 202)).toEqual([]);
      const ended = await endAll(accepted.map(({ jobId }) => jobId));
      expect(ended.filter(({ state }) => state !== "completed")).toEqual([]);
      expect(ended.every(({ resources }) => resources.every(({ action }) => action === "created"))).toBe(true);
      const deployments = (await names("Deployment")).filter((subject) => subject.startsWith("Deployment/many-"));
      expect(deployments).toEqual(replIds.map((replId) => `Deployment/${replId}`).sort());
      expect(await submit("start", "dora", "one-too-many")).toMatchObject({ status: 429 });
    });

    test("a killed worker's starts, and one that lost its place in the queue, are completed by another worker", {
      timeout: 90_000,
    }, async () => {
      const [victim] = workers;
      const replIds = idsOf("orphan", 60);
      const accepted = await Promise.all(replIds.map((replId) => submit("start", "emil", replId)));
      victim?.kill("SIGKILL");
      await victim?.exited;
      const direct = new Redis(redis.server.url, redis.server.caPath ? { tls: { rejectUnauthorized: false } } : {});
      const lost = { kind: "start", replId: "lost", userId: "emil", jobId: randomUUID(), requestId: "r" } as const;
      await createJobStore(direct, { prefix }).accept(lost);
      direct.disconnect();
      const ended = await endAll([...accepted.map(({ jobId }) => jobId), lost.jobId]);
      expect(ended.filter(({ state }) => state !== "completed")).toEqual([]);
      const services = (await names("Service")).filter((subject) => /^Service\/(orphan-|lost$)/.test(subject));
      expect(services).toHaveLength(61);
    });

    test("health, metrics and the dashboard see it", async () => {
      for (const { opsUrl } of system.apis) {
        const ready = await fetch(`${opsUrl}/readyz`);
        expect([ready.status, await ready.json()]).toMatchObject([200, { checks: { redis: "ok", changes: "ok" } }]);
        const metrics = await (await fetch(`${opsUrl}/metrics`)).text();
        expect(metrics).toMatch(/^repl_redis_up 1$/m);
        expect(metrics).toMatch(/^repl_open_jobs \d+$/m);
        const board = await fetch(`${opsUrl}/admin/queues/api/queues?activeQueue=repls&status=completed&page=1`);
        const { queues } = (await board.json()) as { queues: { name: string; counts: Record<string, number> }[] };
        expect(queues.map(({ name }) => name).sort()).toEqual(["repls", "sweeps"]);
        expect(queues.find(({ name }) => name === "repls")?.counts["completed"]).toBeGreaterThan(STARTS);
      }
    });

    test("no key lies outside of the prefix, and no process complained of Redis", async () => {
      if (redis.server.caPath === undefined) {
        const all = await keysWithPrefix(redis.server.url, "");
        expect(all.filter((key) => !key.startsWith(prefix))).toEqual([]);
        expect(all.length).toBeGreaterThan(STARTS);
      }
      const processes = [...system.apis.map(({ process }) => process), ...workers];
      await Promise.all(processes.map((each) => each.stop())); // They write their last lines only then.
      const said = processes.flatMap(({ output }) => output.lines());
      const complaints = said.filter((line) => /connection error|NOPERM|MOVED|CROSSSLOT/.test(line));
      // An answer that a busy machine has not read in time says nothing of Redis.
      expect(complaints.filter((line) => !line.includes("Command timed out"))).toEqual([]);
      expect(await redis.server.command("ACL", "LOG")).toEqual([]);
    });
  });
});

import { randomUUID } from "node:crypto";
import { createJobStore } from "@repl/contract";
import { listResources, waitFor } from "@repl/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type System, startSystem } from "./support/system.ts";
import { TARGETS, type Target } from "./support/targets.ts";

const labelsOf = (replId: string, generation: number) => ({
  "app.kubernetes.io/managed-by": "repl-orchestrator",
  "repl-orchestrator.dev/repl": replId,
  "repl-orchestrator.dev/user": "alice",
  "repl-orchestrator.dev/generation": String(generation),
});

const service = (name: string, labels: Record<string, string> = {}) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, labels },
  spec: { ports: [{ port: 80 }] },
});

describe.each(TARGETS)("on the $name", ({ missing, open }) => {
  describe.skipIf(missing())("the sweep", () => {
    let target: Target;
    let system: System;

    beforeAll(async () => {
      target = await open();
      system = await startSystem(target, { workers: 2, env: { SWEEP_INTERVAL_SECONDS: "1" } });
    });
    afterAll(async () => {
      await system?.[Symbol.asyncDispose]();
      await target?.[Symbol.asyncDispose]();
    });

    const services = () => `/api/v1/namespaces/${system.namespace}/services`;
    const statusOf = async (path: string) => (await target.api.request("GET", path)).status;
    const start = async (replId: string) => system.ended(await system.submit("start", replId));
    const stop = async (replId: string) => system.ended(await system.submit("stop", replId));

    test("removes what a late write left of a stopped repl, and nothing that is not ours", async () => {
      await start("late");
      await stop("late");
      await target.api.request("POST", services(), service("late", labelsOf("late", 1)));
      await target.api.request("POST", services(), service("stranger", { app: "late" }));
      await waitFor(async () => (await statusOf(`${services()}/late`)) === 404, { what: "the orphan to be removed" });
      expect(await statusOf(`${services()}/stranger`)).toBe(200);
      await target.api.request("DELETE", `${services()}/stranger`);
    });

    test("makes what is missing of a running repl again, and leaves the rest as it is", async () => {
      await start("whole");
      const deployment = `/apis/apps/v1/namespaces/${system.namespace}/deployments/whole`;
      const before = await target.api.get(deployment);
      await target.api.request("DELETE", `${services()}/whole`);
      await waitFor(async () => (await statusOf(`${services()}/whole`)) === 200, {
        what: "the Service to be made again",
      });
      expect((await target.api.get(deployment)).metadata.uid).toBe(before.metadata.uid);
      await stop("whole");
    });

    test("queues accepted jobs whose place in the queue was lost, each with its own turn", async () => {
      const redis = new Redis(system.redis.url);
      const store = createJobStore(redis, { prefix: system.prefix });
      const lost = ["lost-1", "lost-2"].map((replId) => ({ replId, jobId: randomUUID() }));
      for (const each of lost) await store.accept({ ...each, kind: "start", userId: "alice", requestId: "r" });
      for (const { jobId } of lost) {
        expect(await system.ended(jobId)).toMatchObject({ state: "completed", reason: "requested" });
      }
      const priorities = lost.map(({ jobId }) => redis.hget(`${system.prefix}:repls:${jobId}`, "priority"));
      expect(await Promise.all(priorities)).toEqual(["1", "2"]);
      redis.disconnect();
      for (const { replId } of lost) await stop(replId);
    });

    test("forgets a job whose record was lost, and does what it was to do", async () => {
      const redis = new Redis(system.redis.url);
      const store = createJobStore(redis, { prefix: system.prefix });
      const jobId = randomUUID();
      await store.accept({ kind: "start", replId: "forgotten", userId: "alice", jobId, requestId: "r" });
      await redis.del(`${system.prefix}:job:${jobId}`);
      const isReady = async () => (await redis.hget(`${system.prefix}:repl:forgotten`, "readyGeneration")) === "1";
      await waitFor(isReady, { what: "the repl to run", timeoutMs: 60_000 });
      expect(await statusOf(`${services()}/forgotten`)).toBe(200);
      await stop("forgotten");
      expect(await redis.zcard(`${system.prefix}:open`)).toBe(0);
      redis.disconnect();
    });

    test("leaves nothing behind", async () => {
      expect(await listResources(target.api, system.namespace)).toEqual([]);
    });
  });

  describe.skipIf(missing())("the idle timeout", () => {
    test("stops a repl that nobody uses, and says so on the job", async () => {
      await using target = await open();
      await using system = await startSystem(target, { env: { SWEEP_INTERVAL_SECONDS: "1", IDLE_TIMEOUT: "3" } });
      await system.ended(await system.submit("start", "idle"));
      await waitFor(async () => (await listResources(target.api, system.namespace)).length === 0, {
        what: "the idle repl to be stopped",
        timeoutMs: 30_000,
      });
      const redis = new Redis(system.redis.url);
      const jobId = (await redis.hget(`${system.prefix}:repl:idle`, "jobId")) ?? "";
      redis.disconnect();
      expect(await system.ended(jobId)).toMatchObject({ kind: "stop", reason: "idle", state: "completed" });
    });
  });
});

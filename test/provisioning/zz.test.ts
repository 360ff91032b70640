import type { JobKind, JobStatus } from "@repl/contract";
import { listResources } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type System, startSystem } from "../support/system.ts";
import { type Target } from "../support/targets.ts"; import { openPrivateCluster } from "./support/private-cluster.ts"; import { writeFileSync, cpSync } from "node:fs"; let P: any; const TARGETS = [{name: "private", missing: () => false, open: async () => (P = await openPrivateCluster({audit:"RequestResponse"}))}];
import { follow, followAll } from "./support/jobs.ts";
import { ownResources, pathsOf, threeOf } from "./support/resources.ts";

const REPLS = Array.from({ length: 20 }, (_, index) => `raced-${index}`);
const ROUNDS_EACH = 10;
/** Sent at once by as many clients; which of them comes last is anybody's guess. */
const BURST: readonly JobKind[] = ["start", "stop", "start", "stop"];

/** What the settled request at the end of a round asks for: over the rounds each kind follows each. */
const lastOf = (repl: number, round: number): JobKind => ((repl + (round >> 1)) % 2 === 0 ? "start" : "stop");

describe.each(TARGETS)("on the $name", ({ missing, open }) => {
  describe.skipIf(missing())("starts and stops of one repl from several clients at once", () => {
    let target: Target;
    let system: System;

    beforeAll(async () => {
      target = await open();
      const env = { WORKER_CONCURRENCY: "20", SWEEP_INTERVAL_SECONDS: "3600" };
      system = await startSystem(target, { apis: 2, workers: 2, env });
    });
    afterAll(async () => {
      await system?.[Symbol.asyncDispose]();
      await target?.[Symbol.asyncDispose]();
    });

    const live = async (replId: string) => {
      const paths = Object.values(pathsOf(system.namespace, replId));
      const answers = await Promise.all(paths.map((path) => target.api.request("GET", path)));
      return answers.flatMap(({ status, body }) => (status === 404 ? [] : [body]));
    };

    /** All three of one generation and one Deployment, or none: what the last request asked for. */
    const expectIntent = async (status: JobStatus) => {
      expect(status).toMatchObject({ state: "completed", attempts: { made: 1 } });
      const resources = await live(status.replId);
      if (status.kind === "stop") return expect(resources).toEqual([]);
      expect(resources.map(({ kind }) => kind)).toEqual(["Deployment", "Service", "Ingress"]);
      const [deployment, ...owned] = resources;
      expect(resources.map(({ metadata }) => metadata.deletionTimestamp)).toEqual([undefined, undefined, undefined]);
      expect(resources.map(({ metadata }) => metadata.labels["repl-orchestrator.dev/generation"])).toEqual(
        resources.map(() => String(status.generation)),
      );
      expect(owned.map(({ metadata }) => metadata.ownerReferences[0].uid)).toEqual(
        owned.map(() => deployment.metadata.uid),
      );
    };

    /** One round; returns every job it caused. */
    const race = async (replId: string, last: JobKind): Promise<string[]> => {
      const burst = await Promise.all(BURST.map((kind, client) => system.submit(kind, replId, client)));
      const settled = await system.submit(last, replId);
      await expectIntent(await follow(system, settled, 20000).catch(async (e) => { if (!(globalThis as any).dumped) { (globalThis as any).dumped = true; writeFileSync("/tmp/stuck.json", JSON.stringify({ replId, settled, status: await system.status(settled), live: await live(replId) }, null, 1)); writeFileSync("/tmp/stuck.yaml", await P.cluster.kubectl("-n", system.namespace, "get", "deploy,rs,pod,svc,ingress", "-o", "yaml")); for (const w of system.workers) writeFileSync("/tmp/stuck-worker-" + w.pid, w.output.text()); cpSync(P.cluster.dataDir + "/audit.log", "/tmp/stuck-audit.log"); cpSync(P.cluster.dataDir + "/kube-controller-manager.log", "/tmp/stuck-kcm.log"); } throw e; }));
      return [...burst, settled];
    };

    const jobIds: string[] = [];

    test(`${REPLS.length * ROUNDS_EACH} rounds: each ends as its last request says`, { timeout: 180_000 }, async () => {
      const raced = REPLS.map(async (replId, repl) => {
        for (let round = 0; round < ROUNDS_EACH; round++) jobIds.push(...(await race(replId, lastOf(repl, round))));
      });
      await Promise.all(raced);
      const running = REPLS.filter((_, repl) => lastOf(repl, ROUNDS_EACH - 1) === "start");
      expect(await ownResources(target.api, system.namespace)).toEqual(running.flatMap(threeOf).sort());
      const pods = (await listResources(target.api, system.namespace)).filter((subject) => subject.startsWith("Pod/"));
      expect(pods).toHaveLength(running.length);
    });

    test("every job has ended, none failed", async () => {
      const ended = await followAll(system, [...new Set(jobIds)], 5_000);
      const states = new Set(ended.map(({ state }) => state));
      expect(states).toEqual(new Set(["completed", "cancelled"]));
      expect(await system.redis.command("ZCARD", `${system.prefix}:open`)).toBe(0);
    });

    test("stopped, they leave nothing", { timeout: 60_000 }, async () => {
      const stops = await Promise.all(REPLS.map((replId) => system.submit("stop", replId)));
      await followAll(system, stops);
      expect(await listResources(target.api, system.namespace)).toEqual([]);
    });
  });
});

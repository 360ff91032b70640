import { randomBytes } from "node:crypto";
import { waitFor } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type System, startSystem } from "../support/system.ts";
import { TARGETS, type Target } from "../support/targets.ts";
import { CLUSTER_MS, order, removeNamespaces, threeThere } from "./support/users.ts";

const ALL = [true, true, true];
const NONE = [false, false, false];

describe.each(TARGETS)("on the $name", ({ missing, open }) => {
  describe.skipIf(missing())("an installation whose mode is changed", { timeout: CLUSTER_MS }, () => {
    const prefix = `t-${randomBytes(4).toString("hex")}-`;
    const home = `${prefix}alice`;
    const perUser = { NAMESPACE_MODE: "per-user", USER_NAMESPACE_PREFIX: prefix };
    let target: Target;
    let system: System;
    let worker: { stop(): Promise<unknown> };

    beforeAll(async () => {
      target = await open();
      system = await startSystem(target, { workers: 0, env: { SWEEP_INTERVAL_SECONDS: "1" } });
      worker = await system.startWorker();
    });
    afterAll(async () => {
      await system?.[Symbol.asyncDispose]();
      if (target !== undefined) await removeNamespaces(target.api, prefix);
      await target?.[Symbol.asyncDispose]();
    }, CLUSTER_MS);

    const restartWith = async (env: Record<string, string>) => {
      await worker.stop();
      worker = await system.startWorker(env);
    };
    const shared = (replId: string) => threeThere(target.api, system.namespace, replId);
    const own = (replId: string) => threeThere(target.api, home, replId);
    /** Of two sweeps that end after now the second began after now. */
    const sweepTwice = async () => {
      const since = Date.now();
      const ended = () => system.redis.command("ZCOUNT", `${system.prefix}:sweeps:completed`, since, "+inf");
      await waitFor(async () => Number(await ended()) >= 2, { what: "two more sweeps", timeoutMs: 20_000 });
    };

    test("from shared to per-user: what runs goes on where it is, and moves with its next start", async () => {
      for (const replId of ["moved", "stopped", "resting"]) await order(system, "start", "alice", replId);
      await restartWith(perUser);
      await sweepTwice();
      expect(await Promise.all(["moved", "stopped", "resting"].map(shared))).toEqual([ALL, ALL, ALL]);

      const status = await order(system, "start", "alice", "moved");
      expect(status).toMatchObject({ state: "completed" });
      expect(status.resources.map(({ namespace, action }) => [namespace, action])).toEqual(
        Array.from({ length: 3 }, () => [home, "created"]),
      );
      expect([await shared("moved"), await own("moved")]).toEqual([NONE, ALL]);
    });

    test("what runs goes on where it is when its user's namespace cannot be had", async () => {
      const metadata = { name: `${prefix}mallory` };
      await target.api.request("POST", "/api/v1/namespaces", { metadata });
      await restartWith({});
      await order(system, "start", "mallory", "kept");
      await restartWith(perUser);
      const status = await order(system, "start", "mallory", "kept");
      expect(status).toMatchObject({ state: "failed", error: { code: "resource_conflict" } });
      await sweepTwice();
      expect(await shared("kept")).toEqual(ALL);
      await order(system, "stop", "mallory", "kept");
      expect(await shared("kept")).toEqual(NONE);
    });

    test("a stop finds what was started in the other mode", async () => {
      const status = await order(system, "stop", "alice", "stopped");
      expect(status.message).toBe("Resources deleted successfully.");
      expect([await shared("stopped"), await own("stopped")]).toEqual([NONE, NONE]);
    });

    test("an orphan in the namespace of the other mode is removed", async () => {
      const labels = {
        "app.kubernetes.io/managed-by": "repl-orchestrator",
        "repl-orchestrator.dev/repl": "moved",
        "repl-orchestrator.dev/user": "alice",
        "repl-orchestrator.dev/generation": "1",
      };
      const services = `/api/v1/namespaces/${system.namespace}/services`;
      await target.api.request("POST", services, {
        metadata: { name: "moved", labels },
        spec: { ports: [{ port: 80 }] },
      });
      await waitFor(async () => (await target.api.request("GET", `${services}/moved`)).status === 404, {
        what: "the orphan to be removed",
      });
      expect(await own("moved")).toEqual(ALL);
    });

    test("back to shared: the same the other way, until the prefix is forgotten", async () => {
      await restartWith({});
      await sweepTwice();
      expect([await shared("moved"), await own("moved")]).toEqual([NONE, ALL]);
      const isRemembered = async () =>
        (await system.redis.command("SISMEMBER", `${system.prefix}:namespace-prefixes`, prefix)) === 1;
      expect(await isRemembered()).toBe(true);

      expect(await order(system, "start", "alice", "moved")).toMatchObject({ state: "completed" });
      expect([await shared("moved"), await own("moved")]).toEqual([ALL, NONE]);
      expect(await order(system, "stop", "alice", "resting")).toMatchObject({ state: "completed" });
      await waitFor(async () => !(await isRemembered()), { what: "the prefix to be forgotten" });
      await order(system, "stop", "alice", "moved");
    });
  });
});

import type { HttpCall } from "@repl/testkit";
import { missingTestCluster, useTestCluster } from "@repl/testkit/vitest";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { untilSwept } from "../src/record/rest.ts";
import { type Installation, startInstallation, type WorkerPlace } from "../src/service/installation.ts";
import { openTarget, type TargetName } from "../src/target/target.ts";
import { type Orders, ordersOf } from "./support/orders.ts";

const TARGETS: readonly { readonly name: TargetName; readonly missing: () => string | undefined }[] = [
  { name: "simulator", missing: () => undefined },
  { name: "cluster", missing: missingTestCluster },
];
const TIMEOUT = { timeout: 150_000 };
const COMPLETED = { state: "completed", error: null };

/** A GET of one of the repl's resources. */
const readsOf =
  (replId: string, plurals = "deployments|services|ingresses") =>
  ({ method, path }: HttpCall) =>
    method === "GET" && new RegExp(`/(${plurals})/${replId}(-ingress)?$`).test(path);

/** A LIST of a sweep; those of the watches select by one label less. */
const sweepsLists = ({ method, path, isWatch }: HttpCall) =>
  method === "GET" && !isWatch && /\/(deployments|services|ingresses)\?.*(,|%2C)repl-orchestrator/.test(path);

describe.each(TARGETS)("on the $name", ({ name, missing }) => {
  describe.skipIf(missing())("a worker that is told old reads:", () => {
    const stack = new AsyncDisposableStack();
    let installation: Installation;
    let cluster: WorkerPlace["cluster"];
    let orders: Orders;
    let newestCall = 0;
    /** Calls that are to be answered old, and what they were answered. */
    const asked = new Set<number>();
    const told: number[] = [];

    beforeAll(async () => {
      const target = stack.use(await openTarget(name, name === "cluster" ? await useTestCluster() : undefined));
      const workerEnv = { SWEEP_INTERVAL_SECONDS: "1" };
      installation = await startInstallation({
        ...{ target, apis: 1, workers: 1, workerEnv },
        onCall: (_by, { number }, { status }) => {
          newestCall = Math.max(newestCall, number);
          if (asked.has(number)) told.push(status);
        },
      });
      stack.use(installation);
      cluster = (installation.workers[0] as WorkerPlace).cluster;
      orders = ordersOf(installation);
    }, 120_000);
    afterAll(() => stack.disposeAsync());
    afterEach(() => cluster.heal());

    /** From now on the first `times` of these reads are answered as they were before the call of that number. */
    const replay = (meets: (call: HttpCall) => boolean, before: number, times = Number.POSITIVE_INFINITY) => {
      asked.clear();
      told.length = 0;
      cluster.judge((call) => {
        if (asked.size === times || !meets(call)) return undefined;
        asked.add(call.number);
        return { kind: "replay", before };
      });
    };
    /** A stop of a repl that does not run reads that each of its resources is absent; the number of the newest such call. */
    const readAbsent = async (replId: string) => {
      expect(await orders.done("stop", replId)).toMatchObject(COMPLETED);
      return newestCall + 1;
    };

    test(
      "a start that finds its names taken and is told that nothing is there keeps what is there",
      TIMEOUT,
      async () => {
        const absent = await readAbsent("taken");
        await orders.done("start", "taken");
        const before = await orders.resources("taken");
        // Longer than an attempt looks at one resource.
        replay(readsOf("taken"), absent, 10);
        expect(await orders.done("start", "taken")).toMatchObject({ ...COMPLETED, attempts: { made: 2 } });
        expect(told).toEqual(Array(10).fill(404));
        expect(before).toHaveLength(3);
        expect(await orders.resources("taken")).toEqual(before);
      },
    );

    test(
      "a start that is told of resources which were replaced since keeps those that replaced them",
      TIMEOUT,
      async () => {
        await orders.done("start", "replaced");
        await orders.done("start", "replaced");
        const mark = newestCall + 1;
        await orders.done("stop", "replaced");
        await orders.done("start", "replaced");
        const before = await orders.resources("replaced");
        replay(readsOf("replaced"), mark, 3);
        expect(await orders.done("start", "replaced")).toMatchObject(COMPLETED);
        expect(told).toEqual([200, 200, 200]);
        expect(await orders.resources("replaced")).toEqual(before);
      },
    );

    test.each([
      ["everything", "deployments|services|ingresses"],
      ["the Deployment", "deployments"],
      ["the Service", "services"],
    ])(
      "a stop that is told before it deletes that %s is gone leaves nothing after a sweep",
      TIMEOUT,
      async (what, plurals) => {
        const replId = `unseen-${what.toLowerCase().replace(" ", "-")}`;
        const absent = await readAbsent(replId);
        await orders.done("start", replId);
        replay(readsOf(replId, plurals), absent);
        const { resources, ...status } = await orders.done("stop", replId);
        expect(status).toMatchObject(COMPLETED);
        expect(resources.map(({ action }) => action)).toContain("absent");
        expect(new Set(told)).toEqual(new Set([404]));
        await untilSwept(installation);
        expect(await orders.resources(replId)).toEqual([]);
      },
    );

    test(
      "a stop that is told of what was there before it deletes what is there, after a sweep at the latest",
      TIMEOUT,
      async () => {
        await orders.done("start", "namesake");
        await orders.done("start", "namesake");
        const mark = newestCall + 1;
        await orders.done("stop", "namesake");
        await orders.done("start", "namesake");
        replay(readsOf("namesake"), mark, 3);
        expect(await orders.done("stop", "namesake")).toMatchObject(COMPLETED);
        expect(told).toEqual([200, 200, 200]);
        await untilSwept(installation);
        expect(await orders.resources("namesake")).toEqual([]);
      },
    );

    test("a stop that is told at once that what it deletes is gone leaves nothing", TIMEOUT, async () => {
      const absent = await readAbsent("going");
      await orders.done("start", "going");
      let reads = 0;
      replay((call) => readsOf("going")(call) && ++reads > 3, absent);
      expect(await orders.done("stop", "going")).toMatchObject(COMPLETED);
      expect(told).toEqual([404, 404, 404]);
      await untilSwept(installation);
      expect(await orders.resources("going")).toEqual([]);
    });

    test("a sweep that is told an old list deletes nothing that is younger", TIMEOUT, async () => {
      await Promise.all(["anew", "ended"].map((replId) => orders.done("start", replId)));
      await untilSwept(installation);
      const mark = newestCall + 1;
      await Promise.all(["anew", "ended"].map((replId) => orders.done("stop", replId)));
      await Promise.all(["anew", "later"].map((replId) => orders.done("start", replId)));
      const before = await Promise.all(["anew", "later"].map((replId) => orders.resources(replId)));
      replay(sweepsLists, mark);
      for (let sweeps = 0; sweeps < 3; sweeps += 1) await untilSwept(installation);
      expect(told.length).toBeGreaterThanOrEqual(9);
      await cluster.heal();
      for (let sweeps = 0; sweeps < 2; sweeps += 1) await untilSwept(installation);
      const after = await Promise.all(["anew", "later"].map((replId) => orders.resources(replId)));
      expect(before.map((resources) => resources.length)).toEqual([3, 3]);
      expect(after).toEqual(before);
      expect(await orders.resources("ended")).toEqual([]);
    });

    test("a delete of a sweep that was told an old list spares what was started meanwhile", TIMEOUT, async () => {
      await orders.done("start", "again");
      await untilSwept(installation);
      const mark = newestCall + 1;
      await orders.done("stop", "again");
      const [deleting, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      cluster.judge(async (call) => {
        if (sweepsLists(call)) return { kind: "replay", before: mark };
        if (call.method !== "DELETE") return undefined;
        deleting.resolve();
        await release.promise;
        return undefined;
      });
      await deleting.promise;
      await orders.done("start", "again");
      const before = await orders.resources("again");
      release.resolve();
      await untilSwept(installation);
      expect(before).toHaveLength(3);
      expect(await orders.resources("again")).toEqual(before);
    });
  });
});

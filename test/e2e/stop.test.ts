import { listResources, waitFor } from "@repl/testkit";
import { expect, test } from "vitest";
import { readEnvironment } from "./support/environment.ts";
import { type Footprint, realNode } from "./support/node.ts";
import { openPlace } from "./support/place.ts";

const { realcluster } = readEnvironment();
/** `terminationGracePeriodSeconds` of service.yaml. */
const GRACE_MS = 10_000;
const REPLS = 20;
/** As many as fit on the node at a time, with room for the rest of the machine. */
const AT_ONCE = 4;
const FILES = { "index.html": "It runs.\n" };

test.skipIf(realcluster === undefined)("a stop leaves nothing on the node, within the grace period", async () => {
  await using place = await openPlace();
  const { system, bucket, api } = place;
  const node = realNode(realcluster ?? "");
  const before = await settled(node.footprint);
  const resources = await listResources(api, system.namespace);
  await bucket.put("repl123", FILES);
  expect(await system.ended(await system.submit("start", "repl123"))).toMatchObject({ state: "completed" });
  const running = await node.footprint();
  expect(running.addresses.length).toBe(before.addresses.length + 1);
  expect(running.cgroups.length).toBe(before.cgroups.length + 1);

  const askedAt = performance.now();
  expect(await system.ended(await system.submit("stop", "repl123"))).toMatchObject({ state: "completed" });
  expect(await listResources(api, system.namespace)).toEqual(resources);
  const tookMs = performance.now() - askedAt;
  await waitFor(async () => expect(await node.footprint()).toEqual(before), { what: "the node to be as it was" });
  const cleanMs = performance.now() - askedAt;
  console.log(`stopped after ${Math.round(tookMs)} ms, nothing on the node after ${Math.round(cleanMs)} ms`);
  expect(cleanMs).toBeLessThan(GRACE_MS);
});

test.skipIf(realcluster === undefined)(`${REPLS} repls started and stopped leave the node as it was`, async () => {
  await using place = await openPlace();
  const { system, bucket, api } = place;
  const node = realNode(realcluster ?? "");
  const before = await settled(node.footprint);
  const resources = await listResources(api, system.namespace);
  const waiting = Array.from({ length: REPLS }, (_, number) => `repl-${number}`);
  const startAndStop = async () => {
    for (let replId = waiting.pop(); replId !== undefined; replId = waiting.pop()) {
      await bucket.put(replId, FILES);
      expect(await system.ended(await system.submit("start", replId), 120_000)).toMatchObject({ state: "completed" });
      expect(await system.ended(await system.submit("stop", replId), 60_000)).toMatchObject({ state: "completed" });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, startAndStop));
  expect(await listResources(api, system.namespace)).toEqual(resources);
  await waitFor(async () => expect(await node.footprint()).toEqual(before), { what: "the node to be as it was" });
});

/** What is on the node once what earlier tests left is gone: their namespaces end before their last pod's traces do. */
async function settled(footprint: () => Promise<Footprint>): Promise<Footprint> {
  return waitFor(
    async () => {
      const found = await footprint();
      expect(found.cgroups).toEqual([]);
      expect(found.addresses).toEqual([]);
      return found;
    },
    { what: "an empty node", timeoutMs: 30_000 },
  );
}

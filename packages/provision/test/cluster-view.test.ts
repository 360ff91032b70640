import { once } from "node:events";
import type { KubeClient, KubeObject, Transform } from "@repl/kube";
import { expect, test } from "vitest";
import { openClusterView } from "../src/wait/cluster-view.ts";
import { REPL } from "./support/fixtures.ts";
import { podObject } from "./support/pods.ts";

type Listing = { readonly fieldSelector?: string; readonly signal?: AbortSignal } & Partial<Transform<unknown>>;

const POD = podObject({ node: "", conditions: { PodScheduled: ["False", "Unschedulable", "no room"] } });
const OTHERS = "uid-of-another-pod";

/** A cluster with one pod and these events, as far as a view asks for them. */
function clusterWith(events: readonly { readonly uid: unknown; readonly reason: string }[]): KubeClient {
  const eventsOf = (selector = "") =>
    events
      .map(({ uid, reason }) => ({ metadata: { name: "e" }, involvedObject: { uid }, reason }))
      .filter(({ involvedObject, reason }) =>
        selector
          .split(",")
          .every((term) => [`involvedObject.uid=${involvedObject.uid}`, `reason=${reason}`].includes(term)),
      );
  const itemsOf = (kind: string, { fieldSelector, transform = (object) => object }: Listing) => {
    const found = kind === "Event" ? eventsOf(fieldSelector) : kind === "Pod" ? [POD] : [];
    return (found as KubeObject[]).map((object) => transform(object));
  };
  const client = {
    list: async ({ kind }: { kind: string }, listing: Listing) => ({
      resourceVersion: "1",
      items: itemsOf(kind, listing),
    }),
    async *watch(_kind: unknown, { signal }: Listing) {
      if (signal !== undefined && !signal.aborted) await once(signal, "abort");
      yield* [];
    },
  };
  return client as unknown as KubeClient;
}

test.each([
  ["the cluster autoscaler adds a node", POD.metadata.uid, "TriggeredScaleUp", true],
  ["Karpenter has chosen a node that is on its way", POD.metadata.uid, "Nominated", true],
  ["the scheduler found no room", POD.metadata.uid, "FailedScheduling", false],
  ["the autoscaler adds a node for another pod", OTHERS, "TriggeredScaleUp", false],
] as const)("where an event says that %s", async (_, uid, reason, isScalingUp) => {
  const client = clusterWith([
    { uid: POD.metadata.uid, reason: "FailedScheduling" },
    { uid, reason },
  ]);
  const view = openClusterView({ client, namespace: "repls", workload: "Deployment", onError: () => {} });
  await view.synced;
  expect(await view.isScalingUp(REPL.replId, "repls", new AbortController().signal)).toBe(isScalingUp);
  await view.stop();
});

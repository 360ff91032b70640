import { once } from "node:events";
import type { KubeClient, KubeObject, Transform } from "@repl/kube";
import { expect, test } from "vitest";
import { openClusterView } from "../src/wait/cluster-view.ts";
import { REPL } from "./support/fixtures.ts";
import { podObject } from "./support/pods.ts";

type Listing = { readonly fieldSelector?: string; readonly signal?: AbortSignal } & Partial<Transform<unknown>>;

const POD = podObject({ node: "", conditions: { PodScheduled: ["False", "Unschedulable", "no room"] } });
const OTHERS = "uid-of-another-pod";

interface EventOptions {
  readonly uid: unknown;
  readonly reason: string;
  readonly message?: string;
  readonly lastTimestamp?: string;
}

/** A cluster with one pod and these events, as far as a view asks for them. */
function clusterWith(events: readonly EventOptions[]): KubeClient {
  const eventsOf = (selector = "") =>
    events
      .map(({ uid, ...event }) => ({ metadata: { name: "e" }, involvedObject: { uid }, ...event }))
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

test("says what was refused to the controller of a workload, the newest last", async () => {
  const refused = (uid: string, second: number, message: string, reason = "FailedCreate") => {
    return { uid, reason, message, lastTimestamp: `2026-11-22T03:40:0${second}Z` };
  };
  const client = clusterWith([
    refused("w1", 5, "the newest"),
    refused("w1", 2, "an older one"),
    refused("w1", 6, "created pod", "SuccessfulCreate"),
    refused(OTHERS, 7, "another's"),
  ]);
  const view = openClusterView({ client, namespace: "repls", workload: "StatefulSet", onError: () => {} });
  const workload = {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "a", namespace: "repls", uid: "w1" },
  };
  expect(await view.refusals(workload, new AbortController().signal)).toEqual([
    { reason: "FailedCreate", message: "an older one", atMs: Date.parse("2026-11-22T03:40:02Z") },
    { reason: "FailedCreate", message: "the newest", atMs: Date.parse("2026-11-22T03:40:05Z") },
  ]);
  await view.stop();
});

import { listResources, waitFor } from "@repl/testkit";
import { expect, test } from "vitest";
import { readEnvironment } from "./support/environment.ts";
import { realNode } from "./support/node.ts";
import { openPlace } from "./support/place.ts";
import { changedTemplate } from "./support/template.ts";

const { realcluster } = readEnvironment();
const FOR_KUBERNETES_TO_NOTICE_MS = 90_000;

test.skipIf(realcluster === undefined)("a node that goes away while a repl starts on it", async () => {
  await using file = await changedTemplate(({ copy }) => {
    copy.command = ["sleep", "600"];
    copy.args = [];
  });
  await using place = await openPlace({ env: { TEMPLATE_PATH: file.path } });
  const { system, api } = place;
  const before = await listResources(api, system.namespace);
  const node = realNode(realcluster ?? "");
  const jobId = await system.submit("start", "repl123");
  await waitFor(async () => (await system.status(jobId)).phase === "copying", {
    what: "the copy step",
    timeoutMs: 60_000,
  });
  await node.pause();
  await using resumed = { [Symbol.asyncDispose]: () => node.resume() };
  const unready = await waitFor(
    async () => {
      const { status } = await api.get("/api/v1/nodes/node-a");
      const ready = status.conditions.find(({ type }: { type: string }) => type === "Ready");
      return ready.status === "True" ? undefined : Date.now();
    },
    { what: "Kubernetes to notice", timeoutMs: FOR_KUBERNETES_TO_NOTICE_MS },
  );

  const status = await system.ended(jobId, 60_000);
  expect(status).toMatchObject({
    state: "failed",
    error: { code: "node_lost", retryable: true },
    attempts: { made: 1 },
  });
  expect(status.error?.message).toMatch(
    /The node node-a of the pod repl123-\S+ is not ready: .*Kubelet stopped posting node status\./,
  );
  const tookMs = Date.parse(status.finishedAt ?? "") - unready;
  console.log(`a node that goes away: node_lost ${tookMs} ms after the signal: ${status.error?.message}`);
  expect(tookMs).toBeLessThan(30_000);

  await resumed[Symbol.asyncDispose]();
  await waitFor(async () => expect(await listResources(api, system.namespace)).toEqual(before), {
    what: "nothing to be left once the node is back",
    timeoutMs: 60_000,
  });
});

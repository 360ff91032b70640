import { waitFor } from "@repl/testkit";
import { missingTestCluster } from "@repl/testkit/vitest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BACK_WITHIN_MS, surviveOutage } from "./support/outage.ts";
import { openPrivateCluster, type PrivateCluster } from "./support/private-cluster.ts";

const TIMEOUT = { timeout: 120_000 };

describe.skipIf(missingTestCluster())("20 s without the API server in the middle of 50 starts", () => {
  let target: PrivateCluster;

  beforeAll(async () => {
    target = await openPrivateCluster();
  });
  afterAll(() => target?.[Symbol.asyncDispose]());

  const untilReady = () =>
    waitFor(async () => (await target.api.request("GET", "/readyz")).body === "ok", {
      what: "the API server to be ready",
      timeoutMs: 30_000,
    });

  /** A Deployment of somebody else runs: the controllers act again. */
  const untilControllersAct = async () => {
    const deployments = "/apis/apps/v1/namespaces/default/deployments";
    const labels = { app: "canary" };
    const spec = {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "canary", image: "canary" }] } },
    };
    await target.api.request("POST", deployments, { metadata: { name: "canary" }, spec });
    await waitFor(async () => (await target.api.get(`${deployments}/canary`)).status?.availableReplicas === 1, {
      what: "the controllers to act",
      timeoutMs: 30_000,
    });
  };

  test("paused: all complete within 5 s after it goes on", TIMEOUT, async () => {
    const { lastAfterMs } = await surviveOutage({
      target,
      namespace: await target.namespace(),
      begin: async () => target.cluster.signal("kube-apiserver", "SIGSTOP"),
      end: async () => {
        target.cluster.signal("kube-apiserver", "SIGCONT");
        await untilReady();
      },
    });
    expect(lastAfterMs).toBeLessThan(BACK_WITHIN_MS);
  });

  // The controllers go with it, and come back after it: left alone they would stay away for up to 60 s of backoff.
  test(
    "killed with all that hangs on it: all complete within 5 s after the control plane is back",
    TIMEOUT,
    async () => {
      let startServer = () => {};
      let startControllers = () => {};
      const { lastAfterMs, logs } = await surviveOutage({
        target,
        namespace: await target.namespace(),
        begin: async () => {
          startServer = await target.cluster.kill("kube-apiserver");
          startControllers = await target.cluster.kill("kube-controller-manager", "kube-scheduler", "kwok");
        },
        end: async () => {
          startServer();
          await untilReady();
          startControllers();
          await untilControllersAct();
        },
      });
      // A server that starts anew no longer knows the versions that the watches were at: each has to list again.
      expect(logs).toContain('"code":"resource_expired"');
      expect(lastAfterMs).toBeLessThan(BACK_WITHIN_MS);
    },
  );
});

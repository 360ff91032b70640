import type { TcpProxy } from "@repl/testkit";
import { missingTestCluster } from "@repl/testkit/vitest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Target } from "../support/targets.ts";
import { BACK_WITHIN_MS, surviveOutage } from "./support/outage.ts";
import { openPrivateCluster, type PrivateCluster } from "./support/private-cluster.ts";

const TIMEOUT = { timeout: 120_000 };

describe.skipIf(missingTestCluster())("20 s without the network in the middle of 50 starts", () => {
  let target: PrivateCluster;
  let proxied: Target & { readonly proxy: TcpProxy };

  beforeAll(async () => {
    // Without its cache the server reads watches from etcd, which forgets old versions within seconds.
    target = await openPrivateCluster({ apiserverFlags: ["--watch-cache=false", "--etcd-compaction-interval=2s"] });
    proxied = await target.proxied();
  });
  afterAll(async () => {
    await proxied?.[Symbol.asyncDispose]();
    await target?.[Symbol.asyncDispose]();
  });

  test("watches and calls silent: all complete within 5 s after it is back", TIMEOUT, async () => {
    const { lastAfterMs } = await surviveOutage({
      target: proxied,
      namespace: await target.namespace(),
      begin: async () => proxied.proxy.set("both", { hold: true }),
      end: () => proxied.proxy.heal(),
    });
    expect(lastAfterMs).toBeLessThan(BACK_WITHIN_MS);
  });

  test(
    "connections reset and refused, versions forgotten (410): all complete within 5 s after it is back",
    TIMEOUT,
    async () => {
      const { lastAfterMs, logs } = await surviveOutage({
        target: proxied,
        namespace: await target.namespace(),
        begin: async () => {
          await proxied.proxy.refuse();
          proxied.proxy.reset();
        },
        end: () => proxied.proxy.heal(),
      });
      expect(logs).toContain('"code":"resource_expired"');
      expect(lastAfterMs).toBeLessThan(BACK_WITHIN_MS);
    },
  );
});

import { LABELS } from "@repl/provision";
import { type AuditEvent, waitFor } from "@repl/testkit";
import { missingTestCluster } from "@repl/testkit/vitest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSystem } from "../support/system.ts";
import { followAll, startAll } from "./support/jobs.ts";
import { openPrivateCluster, type PrivateCluster } from "./support/private-cluster.ts";
import { ownResources, threeOf } from "./support/resources.ts";

const STARTS = 100;
const WRITES = ["create", "update", "patch", "delete", "deletecollection"];

describe.skipIf(missingTestCluster())("what 100 starts ask of the API server", () => {
  let target: PrivateCluster;

  beforeAll(async () => {
    target = await openPrivateCluster({ audit: "Metadata" });
  });
  afterAll(() => target?.[Symbol.asyncDispose]());

  /** The workers' requests in a namespace; the audit log lags behind the answers by moments. */
  const requests = async (namespace: string): Promise<AuditEvent[]> =>
    (await target.cluster.auditEvents()).filter(
      ({ userAgent, requestURI, verb, stage }) =>
        userAgent?.startsWith("repl-orchestrator") === true &&
        requestURI.includes(`/namespaces/${namespace}/`) &&
        stage === (verb === "watch" ? "ResponseStarted" : "ResponseComplete"),
    );
  const count = (events: readonly AuditEvent[], ...verbs: string[]) =>
    events.filter(({ verb }) => verbs.includes(verb)).length;

  test.each([1, 2])(
    "%i worker(s): 300 writes, no GET, two LISTs, WATCHes and four connections each",
    {
      timeout: 90_000,
    },
    async (workers) => {
      await using proxied = await target.proxied();
      // One sweep runs when the first worker starts, and none after it.
      const env = { SWEEP_INTERVAL_SECONDS: "3600" };
      await using system = await startSystem(proxied, { workers, env, namespace: await target.namespace() });
      // Its selector names the repl's label; that of a worker's view does not.
      const isOfSweep = ({ verb, requestURI }: AuditEvent) =>
        verb === "list" && decodeURIComponent(requestURI).includes(`,${LABELS.repl}&`);
      await waitFor(async () => (await requests(system.namespace)).filter(isOfSweep).length === 3, {
        what: "the one sweep's three LISTs",
      });

      const replIds = Array.from({ length: STARTS }, (_, index) => `repl-${index}`);
      const ended = await followAll(system, await startAll(system, replIds));
      expect(ended.map(({ state }) => state)).toEqual(replIds.map(() => "completed"));
      expect(await ownResources(target.api, system.namespace)).toEqual(replIds.flatMap(threeOf).sort());

      await waitFor(async () => count(await requests(system.namespace), "create") >= 3 * STARTS, {
        what: "the writes in the audit log",
      });
      const events = (await requests(system.namespace)).filter((event) => !isOfSweep(event));
      const writes = events.filter(({ verb }) => WRITES.includes(verb));
      expect(writes).toHaveLength(3 * STARTS);
      expect(writes.every(({ verb, responseStatus }) => verb === "create" && responseStatus?.code === 201)).toBe(true);
      expect(count(events, "get")).toBe(0);
      expect(count(events, "list")).toBeLessThanOrEqual(2 * workers);
      expect(count(events, "watch")).toBeLessThanOrEqual(2 * workers);
      expect(events).toHaveLength(writes.length + count(events, "list", "watch"));
      expect(proxied.proxy.accepted).toBeLessThanOrEqual(4 * workers);
    },
  );
});

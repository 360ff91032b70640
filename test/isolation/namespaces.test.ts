import { listResources, waitFor } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { threeOf } from "../provisioning/support/resources.ts";
import { TARGETS, type Target } from "../support/targets.ts";
import { CLUSTER_MS, startUsersSystem, threeThere, type UsersSystem } from "./support/users.ts";

const EMAIL = "Bob@example.com";
/** SHA-256 of it, as `printf %s Bob@example.com | sha256sum` prints it. */
const EMAIL_HASH = "u-b41186e9a45b563cf94ecfe2fa082fb4";

describe.each(TARGETS)("on the $name", ({ missing, open }) => {
  describe.skipIf(missing())("a namespace for each user", { timeout: CLUSTER_MS }, () => {
    let target: Target;
    let system: UsersSystem;

    beforeAll(async () => {
      target = await open();
      system = await startUsersSystem(target, { env: { SWEEP_INTERVAL_SECONDS: "1" } });
    });
    afterAll(async () => {
      await system?.[Symbol.asyncDispose]();
      await target?.[Symbol.asyncDispose]();
    }, CLUSTER_MS);

    const homeOf = (name: string) => `${system.namePrefix}${name}`;
    const statusOf = async (path: string) => (await target.api.request("GET", path)).status;
    const names = async (path: string): Promise<string[]> =>
      (await target.api.get(path)).items.map((item: { metadata: { name: string } }) => item.metadata.name).sort();
    const policies = (name: string) => `/apis/networking.k8s.io/v1/namespaces/${homeOf(name)}/networkpolicies`;
    const own = async (name: string) =>
      (await listResources(target.api, homeOf(name))).filter((subject) => !/^(Pod|ReplicaSet)\//.test(subject));

    test("two users' repls live apart, each namespace with exactly what its template says", async () => {
      const [alice, bob] = await Promise.all([
        system.order("start", "alice", "of-alice"),
        system.order("start", EMAIL, "of-bob"),
      ]);
      expect(alice).toMatchObject({
        state: "completed",
        urls: expect.arrayContaining(["http://of-alice.peetcode.com"]),
      });
      expect(bob).toMatchObject({ state: "completed", error: null });
      expect(alice.resources.map(({ kind, namespace }) => [kind, namespace])).toEqual([
        ["Deployment", homeOf("alice")],
        ["Service", homeOf("alice")],
        ["Ingress", homeOf("alice")],
      ]);
      expect(new Set(bob.resources.map(({ namespace }) => namespace))).toEqual(new Set([homeOf(EMAIL_HASH)]));
      for (const [name, replId] of [
        ["alice", "of-alice"],
        [EMAIL_HASH, "of-bob"],
      ] as const) {
        expect(await own(name)).toEqual([
          ...threeOf(replId).slice(0, 2),
          "NetworkPolicy/repl-allow-dns",
          "NetworkPolicy/repl-allow-ingress-controller",
          "NetworkPolicy/repl-allow-internet",
          "NetworkPolicy/repl-deny-all",
          ...threeOf(replId).slice(2),
        ]);
        expect(await names(`/api/v1/namespaces/${homeOf(name)}/resourcequotas`)).toEqual(["repl-quota"]);
        expect(await names(`/api/v1/namespaces/${homeOf(name)}/limitranges`)).toEqual(["repl-limits"]);
      }
      expect(await listResources(target.api, system.namespace)).toEqual([]);
    });

    test("the namespace says whose it is and guards its pods", async () => {
      const { metadata } = await target.api.get(`/api/v1/namespaces/${homeOf("alice")}`);
      expect(metadata.labels).toMatchObject({
        "app.kubernetes.io/managed-by": "repl-orchestrator",
        "repl-orchestrator.dev/user": "alice",
        "pod-security.kubernetes.io/enforce": "restricted",
      });
      expect(metadata.labels).not.toHaveProperty("repl-orchestrator.dev/repl");
    });

    test("start again, stop, start: the namespace stays, the repl comes and goes", async () => {
      const { metadata } = await target.api.get(`/api/v1/namespaces/${homeOf("alice")}`);
      const again = await system.order("start", "alice", "of-alice");
      expect(again.resources.map(({ action }) => action)).toEqual(["unchanged", "unchanged", "unchanged"]);
      const stopped = await system.order("stop", "alice", "of-alice");
      expect(stopped.resources.map(({ action, namespace }) => [action, namespace])).toEqual(
        Array.from({ length: 3 }, () => ["deleted", homeOf("alice")]),
      );
      expect(await threeThere(target.api, homeOf("alice"), "of-alice")).toEqual([false, false, false]);
      const started = await system.order("start", "alice", "of-alice");
      expect(started.resources.map(({ action }) => action)).toEqual(["created", "created", "created"]);
      expect((await target.api.get(`/api/v1/namespaces/${homeOf("alice")}`)).metadata.uid).toBe(metadata.uid);
    });

    test("a namespace that somebody deleted is made again, with all that belongs in it, by the next start", async () => {
      const path = `/api/v1/namespaces/${homeOf("alice")}`;
      const { metadata } = await target.api.get(path);
      await target.api.request("DELETE", path);
      const status = await system.order("start", "alice", "of-alice");
      expect(status).toMatchObject({ state: "completed", error: null });
      expect((await target.api.get(path)).metadata.uid).not.toBe(metadata.uid);
      expect(await threeThere(target.api, homeOf("alice"), "of-alice")).toEqual([true, true, true]);
      expect((await names(policies("alice"))).length).toBe(4);
    });

    test("the sweep puts right what somebody changed, and takes away what is ours and not in the template", async () => {
      const everywhere = { spec: { egress: [{}], policyTypes: ["Ingress", "Egress"] } };
      const deny = `${policies("alice")}/repl-deny-all`;
      expect((await target.api.request("PATCH", deny, everywhere)).status).toBe(200);
      await target.api.request("DELETE", `/api/v1/namespaces/${homeOf("alice")}/limitranges/repl-limits`);
      const labels = { "app.kubernetes.io/managed-by": "repl-orchestrator", "repl-orchestrator.dev/user": "alice" };
      const policy = (name: string, own: object) => ({
        metadata: { name, labels: own },
        spec: { podSelector: {}, policyTypes: ["Ingress"] },
      });
      await target.api.request("POST", policies("alice"), policy("of-an-older-template", labels));
      await target.api.request("POST", policies("alice"), policy("of-the-operator", {}));

      await waitFor(async () => (await target.api.get(deny)).spec.egress === undefined, {
        what: "the policy as it was",
      });
      await waitFor(
        async () => (await statusOf(`/api/v1/namespaces/${homeOf("alice")}/limitranges/repl-limits`)) === 200,
        { what: "the LimitRange to be made again" },
      );
      await waitFor(async () => (await statusOf(`${policies("alice")}/of-an-older-template`)) === 404, {
        what: "the policy of an older template to be removed",
      });
      expect(await statusOf(`${policies("alice")}/of-the-operator`)).toBe(200);
    });

    test("the sweep removes an orphan from a user's namespace and looks into no other", async () => {
      const labels = {
        "app.kubernetes.io/managed-by": "repl-orchestrator",
        "repl-orchestrator.dev/repl": "gone",
        "repl-orchestrator.dev/user": "alice",
        "repl-orchestrator.dev/generation": "1",
      };
      await system.order("start", "alice", "gone");
      await system.order("stop", "alice", "gone");
      const stranger = `${system.namePrefix.slice(0, -1)}x`;
      await target.api.request("POST", "/api/v1/namespaces", { metadata: { name: stranger } });
      const late = { metadata: { name: "gone", labels }, spec: { ports: [{ port: 80 }] } };
      const elsewhere = `/api/v1/namespaces/${stranger}/services`;
      expect((await target.api.request("POST", elsewhere, late)).status).toBe(201);
      const services = `/api/v1/namespaces/${homeOf("alice")}/services`;
      expect((await target.api.request("POST", services, late)).status).toBe(201);
      await waitFor(async () => (await statusOf(`${services}/gone`)) === 404, { what: "the orphan to be removed" });
      expect(await statusOf(`${elsewhere}/gone`)).toBe(200);
      await target.api.request("DELETE", `/api/v1/namespaces/${stranger}`);
    });

    test("a namespace that somebody took over is refused, even by a worker that has started repls in it", async () => {
      await system.order("start", "dave", "of-dave");
      await system.order("stop", "dave", "of-dave");
      const path = `/api/v1/namespaces/${homeOf("dave")}`;
      const labels = { "app.kubernetes.io/managed-by": null, "repl-orchestrator.dev/user": null };
      await target.api.request("PATCH", path, { metadata: { labels } });
      const swept = Date.now();
      const sweeps = () => system.redis.command("ZCOUNT", `${system.prefix}:sweeps:completed`, swept, "+inf");
      await waitFor(async () => Number(await sweeps()) >= 2, { what: "a whole sweep" });
      const status = await system.order("start", "dave", "of-dave");
      expect(status).toMatchObject({ state: "failed", error: { code: "resource_conflict" } });
      expect(await threeThere(target.api, homeOf("dave"), "of-dave")).toEqual([false, false, false]);
    });

    test("a namespace of somebody else is refused for good and not touched", async () => {
      const metadata = { name: homeOf("mallory"), labels: { team: "other" } };
      await target.api.request("POST", "/api/v1/namespaces", { metadata });
      const status = await system.order("start", "mallory", "of-mallory");
      expect(status).toMatchObject({
        state: "failed",
        attempts: { made: 1 },
        error: {
          code: "resource_conflict",
          retryable: false,
          details: { subject: `Namespace/${homeOf("mallory")}` },
        },
      });
      expect(status.message).toContain(`Namespace/${homeOf("mallory")} was not made by this service for this user.`);
      expect(await own("mallory")).toEqual([]);
      const live = await target.api.get(`/api/v1/namespaces/${homeOf("mallory")}`);
      expect(live.metadata.labels).toEqual({ team: "other", "kubernetes.io/metadata.name": homeOf("mallory") });
    });
  });
});

import { randomUUID } from "node:crypto";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createIntentStore } from "@repl/contract";
import { createKubeClient, KINDS, loadCredentials } from "@repl/kube";
import { createLog } from "@repl/ops";
import { LABELS, MANAGED_BY, parseUserNamespace, reachOf, userHomes } from "@repl/provision";
import { NO_DELAYS, startSimulator } from "@repl/simulator";
import { useRedis } from "@repl/testkit/vitest";
import { expect, test } from "vitest";
import { sweepUserNamespaces, type UserNamespacesSweepDeps } from "../src/sweep-user-namespaces.ts";

const { redis } = await useRedis();
const template = parseUserNamespace(await readFile(new URL("../../../user-namespace.yaml", import.meta.url), "utf8"));
const PREFIX = "repl-user-";
const DEAD_WEBHOOK = {
  kind: "Status",
  code: 500,
  reason: "InternalError",
  message: 'Internal error occurred: failed calling webhook "policy.example.com": no endpoints available for service',
};

/** A sweep over namespaces of users in which everything is missing. */
async function setup(users: readonly string[], unavailableMs: number) {
  const stack = new AsyncDisposableStack();
  const simulator = await startSimulator({ delays: NO_DELAYS });
  stack.defer(() => simulator.close());
  const folder = stack.use(await mkdtempDisposable(join(tmpdir(), "sweep-")));
  const kubeconfig = join(folder.path, "kubeconfig");
  await simulator.writeKubeconfig(kubeconfig);
  const credentials = await loadCredentials({ kubeconfig, environment: {} });
  const client = createKubeClient({ credentials, fieldManager: MANAGED_BY });
  stack.defer(() => client.close());
  for (const user of users) {
    const labels = { [LABELS.managedBy]: MANAGED_BY, [LABELS.user]: user };
    await client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: PREFIX + user, labels } });
  }

  const patience = { unavailableMs, goneMs: unavailableMs };
  const secrets = async () => ({ version: "1", secrets: [{ name: "repl-s3", type: "Opaque", data: { key: "aQ==" } }] });
  const homes = userHomes({ template, prefix: PREFIX, client, patience, secrets });
  const deps: UserNamespacesSweepDeps = {
    intents: createIntentStore(redis, `{${randomUUID()}}`),
    client,
    reach: reachOf("repls", [PREFIX]),
    log: createLog({ process: "worker", level: "silent" }),
    userNamespaces: { template, prefix: PREFIX, homes, patience },
  };
  return {
    /** What is written there meets a webhook that is dead, and must not be passed by. */
    webhookIsDead(namespace: string, resources?: readonly string[]) {
      const match = { verbs: ["create", "patch", "update"], namespace, ...(resources ? { resources } : {}) };
      simulator.faults.add({ match, times: "always", effect: { kind: "answer", status: 500, body: DEAD_WEBHOOK } });
    },
    sweep: () => sweepUserNamespaces(deps, [], new AbortController().signal),
    /** Of the users, those whose namespaces have got a resource of each sort. */
    async complete(): Promise<string[]> {
      const kinds = [KINDS.NetworkPolicy, KINDS.ResourceQuota, KINDS.LimitRange, KINDS.Secret];
      const lists = await Promise.all(kinds.map((kind) => client.list(kind)));
      const places = lists.map(({ items }) => new Set(items.map(({ metadata }) => metadata.namespace)));
      return users.filter((user) => places.every((having) => having.has(PREFIX + user)));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const many = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

test("a webhook that is dead holds a sweep for no longer than some writes", { timeout: 60_000 }, async () => {
  await using system = await setup(many(40), 200);
  system.webhookIsDead(`${PREFIX}*`);
  const began = performance.now();
  await system.sweep();
  // To wait for each of the 200 resources and 40 Secrets that a sweep takes on would be 48 s.
  expect(performance.now() - began).toBeLessThan(10_000);
});

test("a write of a sweep is waited for no longer than a list of it", { timeout: 50_000 }, async () => {
  await using system = await setup(["alice", "bob"], 60_000);
  system.webhookIsDead(`${PREFIX}alice`, ["limitranges", "secrets"]);
  expect(await system.sweep()).toMatchObject({ report: 1 });
  expect(await system.complete()).toEqual(["bob"]);
});

test("namespaces whose webhook is dead for good keep no other from its turn", { timeout: 60_000 }, async () => {
  await using system = await setup(many(8), 100);
  const [, , ...others] = many(8);
  for (const dead of many(2)) system.webhookIsDead(PREFIX + dead);
  const afterASweep = async () => {
    await system.sweep();
    return system.complete();
  };
  await expect.poll(afterASweep, { timeout: 50_000, interval: 1 }).toEqual(others);
});

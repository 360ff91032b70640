import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { userNamespace } from "@repl/provision";
import { waitFor } from "@repl/testkit";
import { missingTestCluster } from "@repl/testkit/vitest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type SecretsFolder, secretsFolder } from "../isolation/support/secrets-folder.ts";
import { order, threeThere } from "../isolation/support/users.ts";
import { commandsFor } from "../support/documented-commands.ts";
import { blockOf, ROOT } from "../support/documents.ts";
import { type System, startSystem } from "../support/system.ts";
import { applyAll, pathOf } from "./support/apply.ts";
import { type DeployedCluster, openDeployedCluster } from "./support/deployed-cluster.ts";
import { template, whyNoHelm } from "./support/helm.ts";
import { compose, K8S, kustomize, type Manifest } from "./support/kustomize.ts";
import { keyOf } from "./support/normal-form.ts";

const run = promisify(execFile);
const TEST_MS = 120_000;
const OLD = "repl-user-";
const NEW = "ide-";
const HERE = "test/deploy/former-prefixes.test.ts";
const ALL = [true, true, true];
const NONE = [false, false, false];

const documented = (begins: string) => parse(blockOf("docs/isolation.md", begins));
const overlay = (more: Record<string, unknown> = {}) =>
  compose({ resources: ["overlays/local"], components: ["per-user-namespaces"], more });
const chart = (more: object) => template({ api: { settings: { AUTH_MODE: "none" } }, ...more });

/** How an operator applies each step of docs/isolation.md, by both of the ways that it describes. */
const WAYS = [
  {
    name: "kustomize",
    missing: missingTestCluster(),
    /** Whether what is no longer said is deleted by the program itself. */
    prunes: false,
    perUser: () => overlay(),
    backToShared: () => overlay(documented("patches: #")),
    shared: () => kustomize(join(K8S, "overlays/local")),
    otherPrefix: () => overlay(documented("patches:\n")),
  },
  {
    name: "the chart",
    missing: missingTestCluster() ?? (await whyNoHelm()),
    prunes: true,
    perUser: () => chart({ perUserNamespaces: { enabled: true } }),
    backToShared: () => chart(documented("perUserNamespaces:")),
    shared: () => chart({}),
    otherPrefix: () => chart({ perUserNamespaces: { enabled: true, prefix: NEW, formerPrefixes: [OLD] } }),
  },
];

const RELEASE_NAMESPACE: Manifest = { apiVersion: "v1", kind: "Namespace", metadata: { name: "repl-orchestrator" } };

/** A namespace of a user's, as the worker would make it. */
function usersNamespace(name: string): Manifest {
  const labels = {
    "app.kubernetes.io/managed-by": "repl-orchestrator",
    "repl-orchestrator.dev/user": "somebody",
    "pod-security.kubernetes.io/enforce": "restricted",
  };
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

describe.each(WAYS)("made by $name, rights and policies in force", (way) => {
  describe.skipIf(way.missing)("an installation whose mode or prefix is changed as documented", () => {
    let deployed: DeployedCluster;
    let secrets: SecretsFolder;
    let system: System;
    let worker: Awaited<ReturnType<System["startWorker"]>>;
    let applied: readonly Manifest[];

    beforeAll(async () => {
      secrets = await secretsFolder();
      await secrets.write("repl-s3-credentials", { "access-key-id": "a", "secret-access-key": "b" });
      applied = [RELEASE_NAMESPACE, ...(await way.perUser())];
      deployed = await openDeployedCluster(applied);
      const target = await deployed.cluster.as(deployed.token);
      system = await startSystem(target, { workers: 0, namespace: "repls", env: { SWEEP_INTERVAL_SECONDS: "1" } });
      worker = await system.startWorker(settings());
    }, TEST_MS);
    afterAll(async () => {
      await system?.[Symbol.asyncDispose]();
      await deployed?.[Symbol.asyncDispose]();
      await secrets?.[Symbol.asyncDispose]();
    });

    /** Where the worker is told to put repls; its files are elsewhere here than in its pod. */
    const settings = (): Record<string, string> => {
      const isOfWorker = ({ kind, metadata }: Manifest) =>
        kind === "ConfigMap" && metadata.name.startsWith("worker-settings");
      const data: Record<string, string> = applied.find(isOfWorker)?.["data"];
      const about = Object.entries(data).filter(
        ([name]) => /^(USER_)?NAMESPACE_/.test(name) && name !== "USER_NAMESPACE_TEMPLATE_PATH",
      );
      const ofPod = "/etc/user-namespaces/secrets";
      return Object.fromEntries(about.map(([name, value]) => [name, value === ofPod ? secrets.path : value]));
    };
    /** Ends all workers, applies, and starts one, which is to get ready. */
    const changeTo = async (manifests: readonly Manifest[], meanwhile = async () => {}) => {
      await worker.stop();
      await applyAll(deployed.api, manifests);
      const kept = new Set([RELEASE_NAMESPACE, ...manifests].map(keyOf));
      const left = applied.filter((manifest) => way.prunes && !kept.has(keyOf(manifest)));
      for (const manifest of left) await deployed.api.request("DELETE", pathOf(manifest));
      applied = manifests;
      await meanwhile();
      worker = await system.startWorker(settings());
    };
    const mayMakeNamespace = (name: string) => async () => {
      const count = async () => (await deployed.create(usersNamespace(name))).status === 201;
      await waitFor(count, { what: `the policy to let ${name} be made`, timeoutMs: 30_000 });
    };
    const there = (namespace: string, replId: string) => threeThere(deployed.api, namespace, replId);
    const done = async (kind: "start" | "stop", replId: string) =>
      expect(await order(system, kind, "alice", replId)).toMatchObject({ state: "completed", error: null });
    const remembered = () => system.redis.command("SMEMBERS", `${system.prefix}:namespace-prefixes`);
    const olds = userNamespace("alice", OLD);

    it(
      "back to shared, what runs in users' namespaces is stopped and moved until the prefix is out of use",
      async () => {
        for (const replId of ["stopped", "moved"]) await done("start", replId);
        await changeTo(await way.backToShared());
        expect([await there(olds, "stopped"), await there(olds, "moved")]).toEqual([ALL, ALL]);

        await done("stop", "stopped");
        await done("start", "moved");
        expect([await there(olds, "stopped"), await there(olds, "moved"), await there("repls", "moved")]).toEqual([
          NONE,
          NONE,
          ALL,
        ]);
        await waitFor(async () => `${await remembered()}` === "", { what: "the prefix to be out of use" });
      },
      TEST_MS,
    );

    it(
      "afterwards the Role alone will do",
      async () => {
        await changeTo(await way.shared(), async () => {
          if (!way.prunes) for (const command of commandsFor(HERE)) await runCommand(command);
        });
        const everywhere = () => deployed.send("GET", "/api/v1/pods");
        await waitFor(async () => (await everywhere()).status === 403, { what: "the ClusterRole to be gone" });
        await done("start", "later");
        await done("stop", "later");
        await done("stop", "moved");
      },
      TEST_MS,
    );

    it(
      "with another prefix, what runs below the old one is stopped and moved",
      async () => {
        await changeTo(await way.perUser(), mayMakeNamespace(`${OLD}somebody`));
        for (const replId of ["stopped", "moved"]) await done("start", replId);
        await changeTo(await way.otherPrefix(), mayMakeNamespace(`${NEW}somebody`));

        await done("stop", "stopped");
        await done("start", "moved");
        const news = userNamespace("alice", NEW);
        expect([await there(olds, "stopped"), await there(olds, "moved"), await there(news, "moved")]).toEqual([
          NONE,
          NONE,
          ALL,
        ]);
      },
      TEST_MS,
    );

    /** With the kubectl that belongs to the cluster. */
    const runCommand = async (command: string) => {
      const folder = (await run(join(ROOT, "tools/testcluster/where"))).stdout.trim();
      const PATH = `${folder}:${process.env["PATH"]}`;
      const env = { ...process.env, PATH, KUBECONFIG: deployed.cluster.kubeconfigPath };
      await run("sh", ["-c", command], { env });
    };
  });
});

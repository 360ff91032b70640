import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestCluster, tempNamespace, waitFor, writeKubeconfig } from "@repl/testkit";
import { missingTestCluster, useTestCluster } from "@repl/testkit/vitest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blockOf } from "../support/documents.ts";
import { startSystem } from "../support/system.ts";
import { secretsFolder } from "./support/secrets-folder.ts";
import { CLUSTER_MS, order, startUsersSystem, threeThere } from "./support/users.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";

/** The Role or ClusterRole that docs/operations.md asks for, under another name. */
async function documentedRole(kind: "Role" | "ClusterRole", name: string): Promise<string> {
  const text = await readFile(new URL("../../docs/operations.md", import.meta.url), "utf8");
  const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = ""]) => yaml);
  const found = blocks.find((yaml) => yaml.includes(`\nkind: ${kind}\nmetadata:\n  name: repl-orchestrator\n`));
  if (found === undefined) throw new Error(`docs/operations.md has no ${kind}`);
  return found.replace(/\n {2}name: .*\n/, `\n  name: ${name}\n`);
}

// The simulator has no roles.
describe.skipIf(missingTestCluster())(
  "a worker with the rights of docs/operations.md and no others",
  { timeout: CLUSTER_MS },
  () => {
    let cluster: TestCluster;
    let folder: string;

    beforeAll(async () => {
      cluster = await useTestCluster();
      folder = await mkdtemp(join(tmpdir(), "access-"));
    });
    afterAll(async () => {
      await cluster?.close();
      await rm(folder, { recursive: true });
    });

    /** A kubeconfig of a service account with the role; the role ends with what is returned. */
    const account = async (kind: "Role" | "ClusterRole", stack: AsyncDisposableStack) => {
      const { name: namespace } = stack.use(await tempNamespace(cluster));
      const name = `worker-${randomBytes(4).toString("hex")}`;
      const scope = kind === "Role" ? `${RBAC}/namespaces/${namespace}` : RBAC;
      const make = async (path: string, body: object | string) => {
        const contentType = typeof body === "string" ? "application/yaml" : "application/json";
        const answer = await cluster.request("POST", path, body, { contentType });
        expect(answer.status, JSON.stringify(answer.body)).toBe(201);
        stack.defer(async () => void (await cluster.request("DELETE", `${path}/${name}`)));
      };
      const metadata = { name };
      await make(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata });
      await make(`${scope}/${kind.toLowerCase()}s`, await documentedRole(kind, name));
      await make(`${scope}/${kind.toLowerCase()}bindings`, {
        metadata,
        subjects: [{ kind: "ServiceAccount", name, namespace }],
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name },
      });
      const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
      const token: string = (await cluster.request("POST", path, request)).body.status.token;
      const kubeconfigPath = join(folder, name);
      await writeKubeconfig(kubeconfigPath, { server: cluster.server, caPath: cluster.caPath, token });
      const may = async (verb: string, resource: string, where: string) => {
        const spec = { resourceAttributes: { verb, resource, namespace: where } };
        const review = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec };
        const reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        return (await cluster.request("POST", reviews, review, { token })).body.status.allowed as boolean;
      };
      await waitFor(() => may("list", "pods", namespace), { what: "the role to count" });
      return {
        namespace,
        name,
        token,
        may,
        target: { kubeconfigPath, api: cluster, [Symbol.asyncDispose]: async () => {} },
      };
    };

    test("per-user under the policy of docs/isolation.md: it writes nowhere else", async () => {
      await using stack = new AsyncDisposableStack();
      const { namespace, name, token, target } = await account("ClusterRole", stack);
      const system = stack.use(await startUsersSystem(target, { namespace }));
      const documents = blockOf("docs/isolation.md", "apiVersion: admission")
        .replaceAll("repl-orchestrator-namespaces", name)
        .replace("repl-orchestrator:worker", `${namespace}:${name}`)
        .replaceAll("repl-user-", system.namePrefix)
        .replace('"repls"', `"${namespace}"`)
        .split("---\n");
      for (const document of documents) {
        const kind = /^kind: (\w+)$/m.exec(document)?.[1]?.toLowerCase() ?? "";
        const path = `/apis/admissionregistration.k8s.io/v1/${kind.replace(/y$/, "ie")}s`;
        const answer = await cluster.request("POST", path, document, { contentType: "application/yaml" });
        expect(answer.status, JSON.stringify(answer.body)).toBe(201);
        stack.defer(async () => void (await cluster.request("DELETE", `${path}/${name}`)));
      }
      const tryIn = (where: string) =>
        cluster.request("POST", `/api/v1/namespaces/${where}/configmaps?dryRun=All`, { metadata: { name } }, { token });
      const refused = await waitFor(
        async () => {
          const answer = await tryIn("kube-system");
          return answer.status === 201 ? undefined : answer;
        },
        { what: "the policy to count", timeoutMs: 30_000 },
      );
      expect(refused.body.message).toContain("the worker writes into users' namespaces only");
      expect((await tryIn(namespace)).status).toBe(201);
      const path = "/api/v1/namespaces?dryRun=All";
      const other = await cluster.request("POST", path, { metadata: { name: `${name}-x` } }, { token });
      expect(other.body.message).toContain("the worker writes into users' namespaces only");
      expect(await system.order("start", "alice", "limited")).toMatchObject({ state: "completed", error: null });
      expect(await system.order("stop", "alice", "limited")).toMatchObject({ state: "completed" });
    });

    test("per-user: namespaces, Secrets, the sweep's repairs, start and stop", async () => {
      await using stack = new AsyncDisposableStack();
      const { namespace, may, target } = await account("ClusterRole", stack);
      const secrets = stack.use(await secretsFolder());
      await secrets.write("repl-s3-credentials", { "access-key-id": "a", "secret-access-key": "b" });
      const env = { USER_NAMESPACE_SECRETS_PATH: secrets.path, SWEEP_INTERVAL_SECONDS: "1" };
      const system = stack.use(await startUsersSystem(target, { namespace, env }));
      const home = `${system.namePrefix}alice`;

      expect(await system.order("start", "alice", "limited")).toMatchObject({ state: "completed", error: null });
      expect(await threeThere(cluster, home, "limited")).toEqual([true, true, true]);
      const own = [
        `/apis/networking.k8s.io/v1/namespaces/${home}/networkpolicies/repl-deny-all`,
        `/api/v1/namespaces/${home}/resourcequotas/repl-quota`,
        `/api/v1/namespaces/${home}/limitranges/repl-limits`,
      ];
      const uid = async (path: string) => (await cluster.request("GET", path)).body.metadata?.uid as string | undefined;
      for (const path of own) {
        const before = await uid(path);
        await cluster.request("DELETE", path);
        await waitFor(async () => ![undefined, before].includes(await uid(path)), { what: `${path} to be made again` });
      }
      const label = "pod-security.kubernetes.io/enforce";
      const path = `/api/v1/namespaces/${home}`;
      await cluster.request("PATCH", path, { metadata: { labels: { [label]: "privileged" } } });
      await waitFor(async () => (await cluster.get(path)).metadata.labels[label] === "restricted", {
        what: "the label to be put right",
      });
      expect(await system.order("stop", "alice", "limited")).toMatchObject({ state: "completed" });

      for (const verb of ["get", "list", "watch", "update", "delete"])
        expect(await may(verb, "secrets", home), `${verb} secrets`).toBe(false);
      expect(await may("delete", "namespaces", home)).toBe(false);
      await system.workers[0]?.stop(); // It writes its last lines only then.
      expect(system.workers[0]?.output.text()).not.toContain("forbidden");
    });

    test("shared: one namespace", async () => {
      await using stack = new AsyncDisposableStack();
      const { namespace, may, target } = await account("Role", stack);
      const system = stack.use(await startSystem(target, { namespace, env: { SWEEP_INTERVAL_SECONDS: "1" } }));
      expect(await order(system, "start", "alice", "limited")).toMatchObject({ state: "completed", error: null });
      const service = `/api/v1/namespaces/${namespace}/services/limited`;
      await cluster.request("DELETE", service);
      await waitFor(async () => (await cluster.request("GET", service)).status === 200, {
        what: "the Service to be made again",
      });
      expect(await order(system, "stop", "alice", "limited")).toMatchObject({ state: "completed" });
      expect(await may("get", "secrets", namespace)).toBe(false);
      expect(await may("list", "pods", "default")).toBe(false);
      await system.workers[0]?.stop(); // It writes its last lines only then.
      expect(system.workers[0]?.output.text()).not.toContain("forbidden");
    });
  },
);

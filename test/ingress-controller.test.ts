import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { waitFor } from "@repl/testkit";
import { missingTestCluster } from "@repl/testkit/vitest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPrivateCluster, type PrivateCluster } from "./provisioning/support/private-cluster.ts";
import { GATEWAY_API, installCustomKinds } from "./support/custom-kinds.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const NAMESPACE = "ingress-controller";
const AS_TRAEFIK = `system:serviceaccount:${NAMESPACE}:traefik`;
const run = promisify(execFile);

describe.skipIf(missingTestCluster())("k8s/ingress-controller on the real control plane", () => {
  let target: PrivateCluster;

  beforeAll(async () => {
    target = await openPrivateCluster();
    await installCustomKinds(target.api, [GATEWAY_API]);
  });
  afterAll(() => target?.[Symbol.asyncDispose]());

  const kubectl = async (...args: string[]) => {
    const { stdout: folder } = await run(join(ROOT, "tools/testcluster/where"));
    const { stdout } = await run(join(folder.trim(), "kubectl"), ["--kubeconfig", target.kubeconfigPath, ...args], {
      cwd: ROOT,
    });
    return stdout;
  };
  const apply = (folder: string) => kubectl("apply", "--validate=strict", "-k", `k8s/ingress-controller/${folder}`);
  const service = () => target.api.get(`/api/v1/namespaces/${NAMESPACE}/services/traefik`);

  test("every variant is accepted with strict validation, one after the other", async () => {
    await apply("base");
    expect((await service()).spec.type).toBe("LoadBalancer");
    await apply("node-port");
    expect((await service()).spec.ports.map(({ nodePort }: { nodePort: number }) => nodePort)).toEqual([30080, 30443]);
    expect(await apply("gateway")).toContain("gateway.gateway.networking.k8s.io/repls created");
    expect(
      (await apply("gateway"))
        .trim()
        .split("\n")
        .filter((line) => !line.endsWith(" unchanged")),
    ).toEqual([]);
  });

  test("its pod is admitted to a namespace that enforces Pod Security restricted", async () => {
    const { metadata } = await target.api.get(`/api/v1/namespaces/${NAMESPACE}`);
    expect(metadata.labels["pod-security.kubernetes.io/enforce"]).toBe("restricted");
    await waitFor(
      async () => {
        const deployment = await target.api.get(`/apis/apps/v1/namespaces/${NAMESPACE}/deployments/traefik`);
        return deployment.status.readyReplicas === 1;
      },
      { what: "Traefik's pod to be ready", timeoutMs: 20_000 },
    );
  });

  test.each([
    ["list", "ingresses.networking.k8s.io", "yes"],
    ["update", "ingresses.networking.k8s.io/status", "yes"],
    ["watch", "httproutes.gateway.networking.k8s.io", "yes"],
    ["create", "pods", "no"],
    ["update", "ingresses.networking.k8s.io", "no"],
    ["delete", "secrets", "no"],
  ])("its account may %s %s: %s", async (verb, resource, expected) => {
    const [type = "", subresource = ""] = resource.split("/");
    const args = ["auth", "can-i", verb, type, `--subresource=${subresource}`, "--all-namespaces", "--as", AS_TRAEFIK];
    const answer = await kubectl(...args).catch(({ stdout }: { stdout: string }) => stdout);
    expect(answer.trim()).toBe(expected);
  });
});

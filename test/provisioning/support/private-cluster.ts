import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type OwnTestCluster,
  startTcpProxy,
  startTestCluster,
  type TcpProxy,
  type TestClusterOptions,
  tempNamespace,
  writeKubeconfig,
} from "@repl/testkit";
import type { Target } from "../../support/targets.ts";

/** A control plane that a test may change, pause and kill. */
export interface PrivateCluster extends Target {
  readonly cluster: OwnTestCluster;
  /** A new namespace; it ends with the cluster, since to empty one with many pods takes a minute. */
  namespace(): Promise<string>;
  /** The same cluster as another user sees it. */
  as(token: string): Promise<Target>;
  /** The same cluster through a proxy of its own. */
  proxied(): Promise<Target & { readonly proxy: TcpProxy }>;
}

/** Starts one; a test file needs no more than a few, at 4 s and 600 MB each. */
export async function openPrivateCluster(options: TestClusterOptions = {}): Promise<PrivateCluster> {
  const stack = new AsyncDisposableStack();
  const cluster = stack.use(await startTestCluster(options));
  const folder = await mkdtemp(join(tmpdir(), "provisioning-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const caPath = cluster.caPath;
  let kubeconfigs = 0;
  const kubeconfig = async (access: { server?: string; token?: string }): Promise<Target> => {
    kubeconfigs += 1;
    const kubeconfigPath = join(folder, `kubeconfig-${kubeconfigs}`);
    await writeKubeconfig(kubeconfigPath, { server: cluster.server, token: cluster.token, caPath, ...access });
    return { kubeconfigPath, api: cluster, [Symbol.asyncDispose]: async () => {} };
  };
  return {
    cluster,
    kubeconfigPath: cluster.kubeconfigPath,
    api: cluster,
    namespace: async () => (await tempNamespace(cluster)).name,
    as: (token) => kubeconfig({ token }),
    async proxied() {
      const proxy = await startTcpProxy({ targetPort: Number(new URL(cluster.server).port) });
      const target = await kubeconfig({ server: `https://127.0.0.1:${proxy.port}` });
      return { ...target, proxy, [Symbol.asyncDispose]: () => proxy.stop() };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

import { type KubeClient, KubeError } from "@repl/kube";
import type { Check } from "@repl/ops";
import type { ClusterView, WatchState } from "@repl/provision";

/** An API server that has not answered a plain question for so long does not answer. */
const SILENCE_MS = 3_000;

/**
 * The API server answers, and the watches are up. A frozen server leaves its watches open and says nothing, which a watch
 * notices only after minutes; so each check asks for the server's version as well, one question at a time. A busy
 * worker's question may have to wait for its turn, hence the silence that is allowed.
 */
export function createClusterCheck(client: KubeClient, view: ClusterView): Check {
  let silentSinceMs: number | undefined;
  let asking = false;
  const ask = async (): Promise<void> => {
    asking = true;
    silentSinceMs ??= performance.now();
    const isAnswer = await client.serverVersion({ timeoutMs: SILENCE_MS }).then(
      () => true,
      (error: unknown) => error instanceof KubeError && error.status !== undefined,
    );
    if (isAnswer) silentSinceMs = undefined;
    asking = false;
  };
  return async () => {
    const stale = Object.entries(view.stats()).find(([, { live }]) => !live);
    if (stale !== undefined) throw new Error(whyDown(...stale));
    if (!asking) void ask();
    if (silentSinceMs !== undefined && performance.now() - silentSinceMs > SILENCE_MS)
      throw new Error(`the API server has not answered for ${SILENCE_MS} ms`);
  };
}

function whyDown(kind: string, { trouble }: WatchState): string {
  return [`the watch on ${kind} is down`, trouble].filter(Boolean).join(": ");
}

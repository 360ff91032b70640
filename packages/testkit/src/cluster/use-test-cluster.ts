import { inject } from "vitest";
import { connectTestCluster, type TestCluster } from "./test-cluster.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the run's cluster is asked for; `missing` says why there is none. */
    testCluster: { readonly url: string; readonly missing: string | undefined };
  }
}

/**
 * Why tests on the real control plane cannot run here, or undefined:
 * `describe.skipIf(missingTestCluster())("…", …)`. Always undefined with REQUIRE_ALL=1, so that they fail instead.
 */
export function missingTestCluster(): string | undefined {
  return inject("testCluster").missing;
}

/**
 * The run's one real control plane, with fast pods; the first call of a run starts it (4 s), the run's end stops it.
 * Everybody shares it: stay within a namespace of your own, and start a private one to change flags or kill parts.
 * @throws Error that says what is missing.
 */
export async function useTestCluster(): Promise<TestCluster> {
  const answer = await fetch(inject("testCluster").url);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`no test cluster: ${text}`);
  return connectTestCluster(text);
}

import { randomBytes } from "node:crypto";
import { waitFor } from "../wait-for.ts";
import type { ApiClient } from "./api-client.ts";

/** A namespace that is a test's own. */
export interface TempNamespace extends AsyncDisposable {
  readonly name: string;
  /** Deletes it and waits until it is gone, which takes a real cluster some 6 s. May be called twice. */
  delete(): Promise<void>;
}

/**
 * Creates a namespace `t-<random>` and waits for its default ServiceAccount, without which pods are refused.
 * @param goneWithinMs the longest wait for its end; one with hundreds of repls in it may take more than a minute
 * @throws Error when the API server refuses it.
 */
export async function tempNamespace(
  cluster: Pick<ApiClient, "request">,
  goneWithinMs = 60_000,
): Promise<TempNamespace> {
  const name = `t-${randomBytes(5).toString("hex")}`;
  const path = `/api/v1/namespaces/${name}`;
  const created = await cluster.request("POST", "/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  });
  if (created.status !== 201)
    throw new Error(`namespace ${name} was refused: ${created.status} ${created.body?.message}`);
  await waitFor(async () => (await cluster.request("GET", `${path}/serviceaccounts/default`)).status === 200, {
    what: `the default ServiceAccount of namespace ${name}`,
  });
  const remove = async (): Promise<void> => {
    await cluster.request("DELETE", path);
    await waitFor(async () => (await cluster.request("GET", path)).status === 404, {
      what: `namespace ${name} to be gone`,
      timeoutMs: goneWithinMs,
      intervalMs: 100,
    });
  };
  return { name, delete: remove, [Symbol.asyncDispose]: remove };
}

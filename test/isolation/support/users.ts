import { randomBytes } from "node:crypto";
import type { JobStatus } from "@repl/contract";
import { type ApiClient, waitFor } from "@repl/testkit";
import { pathsOf } from "../../provisioning/support/resources.ts";
import { type System, type SystemOptions, startSystem } from "../../support/system.ts";
import type { Target } from "../../support/targets.ts";

/** For tests that make and remove namespaces: a real cluster takes some 6 s for each removal, more when it is busy. */
export const CLUSTER_MS = 120_000;

/** A system in which each user has a namespace; its end removes those too. */
export interface UsersSystem extends System {
  /** Begins the name of each user's namespace. */
  readonly namePrefix: string;
  /** The settings that make it so. */
  readonly perUser: Readonly<Record<string, string>>;
  /** Starts or stops a user's repl and follows the job to its end. */
  order(kind: "start" | "stop", userId: string, replId: string): Promise<JobStatus>;
}

/** Starts one on a target that other tests use as well. */
export async function startUsersSystem(target: Target, options: SystemOptions = {}): Promise<UsersSystem> {
  const stack = new AsyncDisposableStack();
  const prefix = `t-${randomBytes(4).toString("hex")}-`;
  stack.defer(() => removeNamespaces(target.api, prefix));
  const perUser = { NAMESPACE_MODE: "per-user", USER_NAMESPACE_PREFIX: prefix };
  const system = stack.use(await startSystem(target, { ...options, env: { ...perUser, ...options.env } }));
  return {
    ...system,
    namePrefix: prefix,
    perUser,
    order: (kind, userId, replId) => order(system, kind, userId, replId),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Starts or stops a user's repl and follows the job to its end. */
export async function order(
  system: System,
  kind: "start" | "stop",
  userId: string,
  replId: string,
): Promise<JobStatus> {
  const response = await system.post(`/${kind}`, { userId, replId });
  const { jobId } = (await response.json()) as { jobId: string };
  return system.ended(jobId);
}

/** Whether a repl's Deployment, Service and Ingress are there. */
export async function threeThere(api: ApiClient, namespace: string, replId: string): Promise<boolean[]> {
  const answers = await Promise.all(Object.values(pathsOf(namespace, replId)).map((path) => api.request("GET", path)));
  return answers.map(({ status }) => status === 200);
}

/** Deletes the namespaces of a test's users and waits until they are gone. */
export async function removeNamespaces(api: ApiClient, prefix: string): Promise<void> {
  const namesLeft = async (): Promise<string[]> => {
    const { items } = await api.get("/api/v1/namespaces");
    const names: string[] = items.map((item: { metadata: { name: string } }) => item.metadata.name);
    return names.filter((name) => name.startsWith(prefix));
  };
  await Promise.all((await namesLeft()).map((name) => api.request("DELETE", `/api/v1/namespaces/${name}`)));
  await waitFor(async () => (await namesLeft()).length === 0, {
    what: `the namespaces ${prefix}… to be gone`,
    timeoutMs: 90_000,
    intervalMs: 100,
  });
}

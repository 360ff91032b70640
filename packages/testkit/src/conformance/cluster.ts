import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { call, type WatchEvent, watch } from "./http.ts";
import type { CallOptions, ConformanceTarget, Json, Reply } from "./target.ts";

/** Paths and calls of one test's own namespace. */
export interface TestCluster {
  readonly target: ConformanceTarget;
  readonly namespace: string;
  /** The path of a collection or object in the namespace, such as `path("deployments", "web")`. */
  path(resource: Resource, name?: string): string;
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** Creates and insists on 201. */
  create(resource: Resource, object: object): Promise<Json>;
  get(resource: Resource, name: string): Promise<Reply>;
  /** Reads until the answer satisfies, at most until the deadline; returns the last answer. */
  until(resource: Resource, name: string, satisfies: (reply: Reply) => boolean, timeoutMs?: number): Promise<Reply>;
  watch(path: string, done?: (events: readonly WatchEvent[]) => boolean): Promise<readonly WatchEvent[]>;
  remove(): Promise<void>;
}

const GROUPS = {
  configmaps: "/api/v1",
  pods: "/api/v1",
  services: "/api/v1",
  events: "/api/v1",
  secrets: "/api/v1",
  resourcequotas: "/api/v1",
  limitranges: "/api/v1",
  deployments: "/apis/apps/v1",
  replicasets: "/apis/apps/v1",
  statefulsets: "/apis/apps/v1",
  jobs: "/apis/batch/v1",
  ingresses: "/apis/networking.k8s.io/v1",
  networkpolicies: "/apis/networking.k8s.io/v1",
} as const;

/** The resources the suite touches. */
type Resource = keyof typeof GROUPS;

const DEFAULT_WAIT_MS = 10_000;
const POLL_MS = 50;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again and again until the answer satisfies; there is no event to wait for across all servers. */
export async function eventually(
  ask: () => Promise<Reply>,
  satisfies: (reply: Reply) => boolean,
  timeoutMs = DEFAULT_WAIT_MS,
): Promise<Reply> {
  const deadline = Date.now() + timeoutMs;
  let reply = await ask();
  while (!satisfies(reply)) {
    if (Date.now() > deadline) throw new Error(`not satisfied within ${timeoutMs} ms; last answer: ${reply.text}`);
    await pause(POLL_MS);
    reply = await ask();
  }
  return reply;
}

/** Makes a namespace and waits until it is furnished, so that pods can be made in it. */
export async function openCluster(target: ConformanceTarget): Promise<TestCluster> {
  const namespace = `conformance-${randomBytes(4).toString("hex")}`;
  const made = await call(target, "POST", "/api/v1/namespaces", { body: { metadata: { name: namespace } } });
  expect(made.status).toBe(201);
  const inside = (group: string): string => `${group}/namespaces/${namespace}`;
  await eventually(
    () => call(target, "GET", `${inside("/api/v1")}/serviceaccounts/default`),
    ({ status }) => status === 200,
  );
  const path = (resource: Resource, name?: string): string =>
    `${inside(GROUPS[resource])}/${resource}${name === undefined ? "" : `/${name}`}`;
  const ask = (method: string, to: string, options?: CallOptions): Promise<Reply> => call(target, method, to, options);
  const get = (resource: Resource, name: string): Promise<Reply> => ask("GET", path(resource, name));
  return {
    target,
    namespace,
    path,
    call: ask,
    get,
    create: async (resource, object) => {
      const reply = await ask("POST", path(resource), { body: object });
      expect(reply.status, reply.text).toBe(201);
      return reply.json;
    },
    until: (resource, name, satisfies, timeoutMs) => eventually(() => get(resource, name), satisfies, timeoutMs),
    watch: (to, done) => watch(target, to, done),
    remove: async () => {
      const reply = await ask("DELETE", `/api/v1/namespaces/${namespace}`);
      expect([200, 404]).toContain(reply.status);
    },
  };
}

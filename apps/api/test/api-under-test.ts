import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { type AcceptLimits, createJobStore, type JobStore } from "@repl/contract";
import { createLog, createRegistry } from "@repl/ops";
import { keysWithPrefix, type TestRedis, waitFor } from "@repl/testkit";
import { Redis } from "ioredis";
import { type AppDeps, buildApp } from "../src/app.ts";
import type { App } from "../src/app-types.ts";
import { createApiMetrics } from "../src/metrics/api-metrics.ts";
import { type Connections, openConnections } from "../src/redis/connections.ts";

/** The public app on a real Redis, under a prefix of its own, within the test's process. */
export interface ApiUnderTest extends AsyncDisposable {
  readonly app: App;
  readonly prefix: string;
  /** What a worker would use. */
  readonly store: JobStore;
  readonly redis: Redis;
  readonly draining: AbortController;
  readonly connections: Connections;
  /** What Prometheus would scrape. */
  scrape(): Promise<string>;
  /** Parsed lines of the log. */
  readonly logged: Record<string, unknown>[];
  readonly feed: AppDeps["feed"];
  /** Keys of intents and jobs, sorted; BullMQ's own are left out. */
  jobKeys(): Promise<string[]>;
  /** Listens on a free port of loopback. */
  listen(): Promise<number>;
}

type Overrides = Partial<Omit<AppDeps, "log" | "leaving" | "draining">> & AcceptLimits;

export async function openApi({ url }: TestRedis, overrides: Overrides = {}): Promise<ApiUnderTest> {
  const prefix = `{test-${randomBytes(6).toString("hex")}}`;
  const logged: Record<string, unknown>[] = [];
  const log = createLog({ process: "api", level: "debug", write: (line) => void logged.push(JSON.parse(line)) });
  const { maxOpenJobs = 0, maxRunningPerUser = 0, maxStartingPerUser = 0, ordersPerMinute = 0, ...deps } = overrides;
  const limits = { maxOpenJobs, maxRunningPerUser, maxStartingPerUser, ordersPerMinute };
  const options = { redisUrl: url, queuePrefix: prefix, jobRetentionSeconds: 3_600, ...limits };
  const connections = openConnections(options, log);
  const { enqueue, feed, repls } = connections;
  const registry = createRegistry();
  const draining = new AbortController();
  const app = buildApp({
    store: connections.store,
    repls,
    enqueue,
    feed,
    log,
    metrics: createApiMetrics(registry, () => feed.followers),
    leaving: draining.signal,
    draining: draining.signal,
    corsOrigins: ["http://localhost:3000"],
    maxFollowers: 1_000,
    maxFollowersPerUser: 0,
    // Overload has a test of its own; in the others a busy machine is no reason to refuse.
    maxEventLoopDelayMs: 60_000,
    ...deps,
  });
  await app.ready();
  await connections.settled(5_000);
  await waitFor(() => connections.feed.live, { what: "the feed to be live" });
  const redis = new Redis(url);
  return {
    app,
    prefix,
    redis,
    draining,
    connections,
    scrape: () => registry.metrics(),
    logged,
    feed,
    store: createJobStore(redis, { prefix }),
    jobKeys: async () => (await keysWithPrefix(url, prefix)).filter((key) => !key.startsWith(`${prefix}:repls:`)),
    listen: async () => {
      await app.listen({ host: "127.0.0.1", port: 0 });
      return (app.server.address() as AddressInfo).port;
    },
    [Symbol.asyncDispose]: async () => {
      feed.close();
      await app.close();
      await connections.close();
      redis.disconnect();
    },
  };
}

/** The body of an order, as JSON. */
export function order(body: unknown) {
  return { headers: { "content-type": "application/json" }, payload: JSON.stringify(body) };
}

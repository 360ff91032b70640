import { randomBytes } from "node:crypto";
import { listResources, startRedisCluster, startSentinel, type TestRedis, waitFor } from "@repl/testkit";
import { describe, expect, test } from "vitest";
import { submitPatiently } from "./support/submit.ts";
import { type System, startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

/** A Redis whose server that holds the keys can be killed, since another one takes over. */
interface Replicated extends AsyncDisposable {
  readonly url: string;
  readonly holder: () => Promise<TestRedis>;
}

const REPLICATED: readonly { name: string; open: (prefix: string) => Promise<Replicated> }[] = [
  {
    name: "Sentinel",
    open: async () => {
      const sentinel = await startSentinel({ replicas: 2 });
      return { url: sentinel.url, holder: sentinel.primary, [Symbol.asyncDispose]: sentinel.stop };
    },
  },
  {
    name: "a cluster",
    open: async (prefix) => {
      const cluster = await startRedisCluster({ replicaFor: prefix });
      const holder = () => cluster.ownerOf(prefix);
      return { url: cluster.url, holder, [Symbol.asyncDispose]: cluster.stop };
    },
  },
];

const STARTS = 50;
const BEFORE = 25;

/** The jobs that a start took until one ended: one, or more where a failover lost the first. */
async function startUntilItRuns(system: System, replId: string): Promise<string[]> {
  const jobIds: string[] = [];
  const attempt = async () => {
    const { jobId, status } = await submitPatiently(system, "start", { userId: "alice", replId });
    expect(status).toBe(202);
    if (jobIds.at(-1) !== jobId) jobIds.push(jobId);
    return waitFor(() => look(system, jobId), { what: `job ${jobId} to end`, timeoutMs: 60_000, intervalMs: 200 });
  };
  await waitFor(async () => (await attempt()) === "completed", { what: `${replId} to run`, timeoutMs: 90_000 });
  return jobIds;
}

/** As a client looks: "completed", "unknown" (then it starts again), or nothing yet. */
async function look(system: System, jobId: string): Promise<"completed" | "unknown" | undefined> {
  const response = await fetch(`${system.apis[0]?.url}/jobs/${jobId}`);
  if (response.status === 404) return "unknown";
  if (response.status === 503) return undefined;
  const { state, message } = (await response.json()) as { state: string; message: string };
  if (state === "failed") throw new Error(message);
  return state === "completed" ? state : undefined;
}

/**
 * Redis replicates asynchronously, so that what it accepted in its last moments may be lost with it. The test makes the
 * claim hold by a barrier: replication keeps the order, so that once a write has reached a replica all before it have, and none of those jobs may be lost. Those after it may, which their clients see as a 404 and start again.
 */
describe.each(REPLICATED)("the server that holds the keys is killed in the middle of 50 starts ($name)", ({ open }) => {
  test("each repl runs once, and no job that had reached a replica is lost", { timeout: 180_000 }, async () => {
    const prefix = `{${randomBytes(4).toString("hex")}}`;
    await using target = await openSimulator();
    await using redis = await open(prefix);
    const env = { REDIS_URL: redis.url };
    const server = await redis.holder();
    const more = { SWEEP_INTERVAL_SECONDS: "2", WORKER_CONCURRENCY: "20" };
    await using system = await startSystem(target, { redis: { server, env }, prefix, workers: 2, env: more });
    const replIds = Array.from({ length: STARTS }, (_, index) => `repl-${index}`);

    const early = await Promise.all(
      replIds.slice(0, BEFORE).map((replId) => submitPatiently(system, "start", { userId: "alice", replId })),
    );
    await server.command("SET", `${prefix}:barrier`, 1);
    await waitFor(async () => isReplicated(server), { what: "a replica to have all of that" });
    const late = replIds.slice(BEFORE).map((replId) => startUntilItRuns(system, replId));
    await server.kill();

    const ended = early.map(({ jobId }) =>
      waitFor(() => look(system, jobId), { what: `job ${jobId} to end`, timeoutMs: 90_000, intervalMs: 200 }),
    );
    expect(await Promise.all(ended)).toEqual(early.map(() => "completed"));
    await Promise.all(late);
    expect(await redis.holder()).not.toBe(server);

    const subjects = await listResources(target.api, system.namespace);
    const own = (kind: string) => subjects.filter((subject) => subject.startsWith(`${kind}/`));
    expect(own("Deployment")).toEqual(replIds.map((replId) => `Deployment/${replId}`).sort());
    expect(own("Service")).toHaveLength(STARTS);
    expect(own("Ingress")).toHaveLength(STARTS);
    // One each: nobody wrote a Deployment a second time with another content.
    expect(own("ReplicaSet")).toHaveLength(STARTS);
    await waitFor(async () => (await fetch(`${system.apis[0]?.opsUrl}/readyz`)).ok, { what: "the api to be ready" });
  });
});

/** Whether some replica has received everything that the primary has. */
async function isReplicated(primary: TestRedis): Promise<boolean> {
  const info = String(await primary.command("INFO", "replication"));
  const reached = Number(/^master_repl_offset:(\d+)/m.exec(info)?.[1]);
  const replicas = [...info.matchAll(/^slave\d+:.*offset=(\d+)/gm)].map(([, offset]) => Number(offset));
  return replicas.some((offset) => offset >= reached);
}

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { startRedisCluster, type TestRedisCluster, waitFor } from "@repl/testkit";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  connectForRequests,
  connectForWork,
  createJobStore,
  createRedisCheck,
  inspectServers,
  keysOf,
  openJobQueue,
  redisPlace,
} from "../../src/index.ts";

const PREFIX = "{slot-of-tests}";
let cluster: TestRedisCluster;
const connections: Redis[] = [];
const errors: string[] = [];

beforeAll(async () => {
  cluster = await startRedisCluster({ replicaFor: PREFIX });
});
afterAll(async () => {
  for (const redis of connections) redis.disconnect();
  await cluster.stop();
});

const placeAt = (redisUrl: string) => redisPlace({ redisUrl, queuePrefix: PREFIX });

async function open(connect: typeof connectForWork, url = cluster.url): Promise<Redis> {
  const redis = connect(placeAt(url));
  redis.on("error", ({ message }: Error) => errors.push(message));
  connections.push(redis);
  await waitFor(() => redis.status === "ready", { what: "the connection" });
  return redis;
}

const order = (replId: string) =>
  ({ kind: "start", replId, userId: "alice", jobId: randomUUID(), requestId: "r" }) as const;

describe("a cluster", () => {
  it("is entered through any of its nodes, and one of those named is enough", async () => {
    const owner = await cluster.ownerOf(PREFIX);
    for (const { port } of cluster.nodes) {
      const redis = await open(connectForWork, `redis+cluster://127.0.0.1:1,127.0.0.1:${port}`);
      expect(redis.stream.remotePort).toBe(owner.port);
    }
  });

  it("holds every key of ours and BullMQ's in the one slot", async () => {
    const redis = await open(connectForWork);
    const store = createJobStore(redis, { prefix: PREFIX, ordersPerMinute: 100 });
    const queue = openJobQueue({ connection: redis, prefix: PREFIX }, () => {});
    const { jobId, ...rest } = order("one-slot");
    await store.accept({ jobId, ...rest, rateKey: "ip:127.0.0.1", idempotencyKey: "k{e}y" });
    await queue.add("start", { version: 1, replId: "one-slot", userId: "{alice}", requestId: "r" }, { jobId });
    const token = randomUUID();
    await store.begin(jobId, token);
    expect(await store.settle({ jobId, replId: "one-slot", token }, "completed", { urls: ["http://x"] })).toBe("ok");
    const slot = await redis.cluster("KEYSLOT", PREFIX);
    const keys = await redis.keys("*");
    expect(keys.length).toBeGreaterThan(8);
    for (const key of keys) expect([key, await redis.cluster("KEYSLOT", key)]).toEqual([key, slot]);
    const named = keysOf(PREFIX);
    const ours = Object.values(named).map((key) => (typeof key === "string" ? key : key("{other}", "{other}")));
    for (const key of ours) expect([key, await redis.cluster("KEYSLOT", key)]).toEqual([key, slot]);
    await queue.close();
  });

  it("is not entered by the address of a single server, which is said", async () => {
    const owner = await cluster.ownerOf(PREFIX);
    const place = placeAt(owner.url);
    const redis = connectForRequests(place);
    connections.push(redis);
    redis.on("error", () => {});
    await waitFor(() => redis.status === "ready", { what: "the connection" });
    expect((await inspectServers(redis, place)).refusals[0]).toContain("redis+cluster://");
    await expect(createRedisCheck(redis, place)()).rejects.toThrow("redis+cluster://");
  });

  it("has its replica looked over as well", async () => {
    const redis = await open(connectForRequests);
    const replica = cluster.nodes.at(-1)!;
    await replica.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    const { refusals } = await inspectServers(redis, placeAt(cluster.url));
    expect(refusals).toEqual([expect.stringMatching(`the replica 127.0.0.1:${replica.port}: it evicts keys`)]);
    await replica.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
  });
});

describe("when the node that holds the keys is gone", () => {
  it("requests fail fast, its replica is found, and work goes on where it was, subscriptions too", {
    timeout: 60_000,
  }, async () => {
    const requests = await open(connectForRequests);
    const work = await open(connectForWork);
    const subscriber = await open(connectForWork);
    const heard: string[] = [];
    subscriber.on("message", (_channel, message) => heard.push(message));
    await subscriber.subscribe(keysOf(PREFIX).changes);

    const before = await cluster.ownerOf(PREFIX);
    await before.kill();
    await waitFor(() => requests.status !== "ready", { what: "the end to be noticed" });
    const started = performance.now();
    await expect(requests.ping()).rejects.toThrow();
    expect(performance.now() - started).toBeLessThan(800);
    expect(await work.set(`${PREFIX}:after`, "failover")).toBe("OK");
    expect(await (await cluster.ownerOf(PREFIX)).command("GET", `${PREFIX}:after`)).toBe("failover");
    await waitFor(() => requests.ping(), { what: "requests to succeed again" });
    await waitFor(async () => (await requests.publish(keysOf(PREFIX).changes, "again")) > 0, {
      what: "the subscription to be there again",
    });
    await waitFor(() => heard.includes("again"), { what: "a change to be heard" });
  });
});

describe("while the slot moves to another node", () => {
  it("nothing is decided on half of the keys: requests fail, work waits, and both find the new node", {
    timeout: 60_000,
  }, async () => {
    await using moving = await startRedisCluster();
    const [requests, work] = [await open(connectForRequests, moving.url), await open(connectForWork, moving.url)];
    const store = createJobStore(requests, { prefix: PREFIX });
    const patient = createJobStore(work, { prefix: PREFIX });
    const first = await store.accept(order("known"));
    expect(first).toMatchObject({ outcome: "accepted" });

    const source = await moving.ownerOf(PREFIX);
    const target = moving.nodes.find((node) => node !== source)!;
    const slot = (await source.command("CLUSTER", "KEYSLOT", PREFIX)) as number;
    const [sourceId, targetId] = [await source.command("CLUSTER", "MYID"), await target.command("CLUSTER", "MYID")];
    await target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", String(sourceId));
    await source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", String(targetId));
    // Another user asks for the same repl: at the new node, which has no key yet, it would be theirs.
    const stranger = { ...order("known"), userId: "mallory" };
    await expect(store.accept(stranger)).rejects.toThrow(/^ASK /);
    const waiting = patient.accept(stranger);
    await waitFor(() => errors.some((message) => message.startsWith("ASK ")), { what: "the work to be refused" });
    await expect(Promise.race([waiting, pause(500, "still waiting")])).resolves.toBe("still waiting");
    await moving.moveSlotOf(PREFIX);
    expect(await waiting).toMatchObject({ outcome: "foreign" });
    expect(await waitFor(() => store.accept(stranger), { what: "requests to succeed again" })).toMatchObject({
      outcome: "foreign",
    });
    expect(requests.stream.remotePort).toBe(target.port);
  });
});

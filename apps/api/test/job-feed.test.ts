import { connectForWork, createJobStore, type JobRecord, keysOf, redisPlace } from "@repl/contract";
import { createLog } from "@repl/ops";
import { startRedis, startTcpProxy, type TestRedis, waitFor } from "@repl/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createJobFeed, type JobFeed } from "../src/follow/job-feed.ts";
import { tailJob } from "../src/follow/job-tail.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const PREFIX = "{feed}";
const log = createLog({ process: "api", level: "silent" });
const request = (jobId: string) => ({ kind: "start", replId: jobId, userId: "u", jobId, requestId: "r" }) as const;

describe("a feed", () => {
  it("whose connection falls silent without a word gives it up, and misses nothing", async () => {
    await using proxy = await startTcpProxy({ targetPort: redis.port });
    const direct = new Redis(redis.url);
    const store = createJobStore(direct, { prefix: PREFIX });
    const subscriber = connectForWork(
      redisPlace({ redisUrl: `redis://127.0.0.1:${proxy.port}`, queuePrefix: "{feed}" }),
    );
    const probe = { everyMs: 100, timeoutMs: 100 };
    const feed = createJobFeed({ subscriber, channel: keysOf(PREFIX).changes, find: store.find, log, probe });
    await waitFor(() => feed.live, { what: "the feed to be live" });
    await store.accept(request("silent"));
    const seen: JobRecord[] = [];
    feed.follow("silent", { changed: (record) => void seen.push(record), ended: () => {} });

    proxy.set("both", { hold: true });
    await store.begin("silent", "attempt");
    await waitFor(() => !feed.live, { what: "the silence to be noticed" });
    proxy.reset();
    await proxy.heal();
    await waitFor(() => seen.some(({ state }) => state === "active"), { what: "the missed change" });

    feed.close();
    subscriber.disconnect();
    direct.disconnect();
  });

  it("ignores what is no record, and reads each followed job once after a gap, however many follow it", async () => {
    const direct = new Redis(redis.url);
    const store = createJobStore(direct, { prefix: PREFIX });
    const subscriber = connectForWork(redisPlace({ redisUrl: redis.url, queuePrefix: "{feed}" }));
    const found: string[] = [];
    const find = (jobId: string) => {
      found.push(jobId);
      return store.find(jobId);
    };
    const feed = createJobFeed({ subscriber, channel: keysOf(PREFIX).changes, find, log });
    await waitFor(() => feed.live, { what: "the feed to be live" });
    const tails = Array.from({ length: 1_000 }, () => tailJob(feed, "shared"));
    await direct.publish(keysOf(PREFIX).changes, "no JSON");
    await direct.publish(keysOf(PREFIX).changes, "{}");
    await store.accept(request("shared"));
    for (const tail of tails) expect(await tail.next(5_000)).toMatchObject({ jobId: "shared", version: 1 });
    expect(found).toEqual([]);

    subscriber.disconnect(true);
    await waitFor(() => found.length > 0 && feed.live, { what: "the feed to have read again" });
    expect(found).toEqual(["shared"]);
    for (const tail of tails) tail.stop();
    expect(feed.followers).toBe(0);
    feed.close();
    subscriber.disconnect();
    direct.disconnect();
  });
});

describe("a tail", () => {
  const record = (version: number, changedAt = version) => ({ version, changedAt, jobId: "j" }) as JobRecord;
  const still: JobFeed = { follow: () => () => {}, followers: 0, live: true, close: () => {} };

  it("gives the newest record, skips what lies between, and ignores what is older", async () => {
    const tail = tailJob(still, "j");
    tail.offer(record(2));
    tail.skipTo(record(2));
    for (const version of [1, 2, 3, 5, 4]) tail.offer(record(version));
    expect(await tail.next(0)).toEqual(record(5));
    expect(await tail.next(0)).toBe("silent");
    tail.offer(record(5));
    expect(await tail.next(0)).toBe("silent");
  });

  it("gives what a Redis that lost its last writes counts again, and what one with a slow clock writes", async () => {
    const tail = tailJob(still, "j");
    for (const [version, changedAt] of [
      [5, 100], // Seen by the client, then lost.
      [4, 200],
      [5, 300],
      [6, 250],
    ] as const) {
      tail.offer(record(version, changedAt));
      expect(await tail.next(0)).toEqual(record(version, changedAt));
    }
    tail.offer(record(5, 250));
    expect(await tail.next(0)).toBe("silent");
  });

  it("wakes who waits, by a record or by its end", async () => {
    const tail = tailJob(still, "j");
    const next = tail.next(10_000);
    tail.offer(record(1));
    expect(await next).toEqual(record(1));
    const last = tail.next(10_000);
    tail.stop();
    expect(await last).toBe("ended");
    expect(await tail.next(10_000)).toBe("ended");
  });
});

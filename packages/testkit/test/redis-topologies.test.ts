import { existsSync } from "node:fs";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { createAuthority, startRedis, startRedisCluster, startSentinel, waitFor } from "../src/index.ts";

test("a server with TLS answers over TLS alone", async () => {
  const authority = createAuthority("an authority");
  await using redis = await startRedis({ tls: { ca: authority.ca, ...authority.issue("redis") } });
  expect(redis.url).toBe(`rediss://127.0.0.1:${redis.port}`);
  expect(existsSync(redis.caPath ?? "")).toBe(true);
  const verified = new Redis(redis.url, { tls: { ca: authority.ca } });
  expect(await verified.ping()).toBe("PONG");
  verified.disconnect();
});

test("a cluster replaces a node by its replica", { timeout: 60_000 }, async () => {
  await using cluster = await startRedisCluster({ replicaFor: "{a}" });
  const before = await cluster.ownerOf("{a}");
  await before.command("SET", "{a}:1", "one");
  await waitFor(async () => (await cluster.nodes.at(-1)?.command("DBSIZE")) === 1, { what: "the replica to have it" });
  await before.kill();
  const after = await waitFor(() => cluster.ownerOf("{a}"), { what: "the replica to take over", timeoutMs: 20_000 });
  expect(after).toBe(cluster.nodes.at(-1));
  expect(await after.command("GET", "{a}:1")).toBe("one");
});

test("a cluster moves a slot with its keys", async () => {
  await using cluster = await startRedisCluster();
  const before = await cluster.ownerOf("{b}");
  await before.command("SET", "{b}:1", "two");
  const after = await cluster.moveSlotOf("{b}");
  expect(after).not.toBe(before);
  expect(await cluster.ownerOf("{b}")).toBe(after);
  expect(await after.command("GET", "{b}:1")).toBe("two");
});

test("Sentinels name the replica when the primary is gone", { timeout: 60_000 }, async () => {
  await using sentinel = await startSentinel();
  const before = await sentinel.primary();
  expect(before).toBe(sentinel.servers[0]);
  await before.kill();
  await waitFor(async () => (await sentinel.primary()) !== before, { what: "another primary", timeoutMs: 20_000 });
  const after = await sentinel.primary();
  await waitFor(() => after.command("SET", "k", "v"), { what: "it to take writes" });
});

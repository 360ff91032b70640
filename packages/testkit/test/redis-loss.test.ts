import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { startRedis, whyNoSmallDisk } from "../src/index.ts";

const noDisk = await whyNoSmallDisk();

describe("a Redis that loses its machine's power", () => {
  test("comes back with what was written up to the cut, and nothing after it", async () => {
    await using redis = await startRedis({ appendOnly: "everysec" });
    await redis.command("SET", "kept", "1");
    const keptBytes = await redis.appendOnlyBytes();
    await redis.command("SET", "lost", "1");
    await redis.powerLoss(keptBytes);
    await redis.restart();
    expect([await redis.command("GET", "kept"), await redis.command("GET", "lost")]).toEqual(["1", null]);
  });

  test("once repaired does not apply half of a transaction that was torn, however often it is started", async () => {
    await using redis = await startRedis({ appendOnly: "always" });
    await redis.command("EVAL", "for i = 1, 3 do redis.call('SET', 'half-' .. i, 1) end", 0);
    await redis.powerLoss((await redis.appendOnlyBytes()) - 20);
    await redis.repair();
    await redis.restart();
    await redis.command("EVAL", "redis.call('SET', 'a', 1) redis.call('SET', 'b', 1)", 0);
    await redis.kill();
    await redis.restart();
    expect(await redis.command("MGET", "half-1", "half-2", "half-3", "a", "b")).toEqual([null, null, null, "1", "1"]);
  });

  test("says so where there is no append-only file", async () => {
    await using redis = await startRedis();
    await expect(redis.appendOnlyBytes()).rejects.toThrow();
  });
});

describe.skipIf(noDisk !== undefined)(`a Redis whose disk is full${noDisk === undefined ? "" : ` (${noDisk})`}`, () => {
  test("refuses writes and stays up", { timeout: 30_000 }, async () => {
    await using redis = await startRedis({ appendOnly: "everysec", diskBytes: 1 << 20 });
    const fill = async () => {
      for (let index = 0; index < 64; index += 1)
        await redis.command("SET", `filler-${index}`, randomBytes(32_768).toString("hex"));
    };
    await expect(fill()).rejects.toThrow(/MISCONF/);
    await expect.poll(() => redis.command("SET", "more", "1").catch(String), { timeout: 5_000 }).toMatch(/MISCONF/);
    expect(String(await redis.command("GET", "filler-0"))).toHaveLength(65_536);
  });
});

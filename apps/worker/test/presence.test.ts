import { randomUUID } from "node:crypto";
import { createWorkerRegister, keysOf } from "@repl/contract";
import { waitFor } from "@repl/testkit";
import { useRedis } from "@repl/testkit/vitest";
import { expect, test } from "vitest";
import { keepAnnounced } from "../src/presence.ts";

const { redis } = await useRedis();

test("workers' slots add up while they are there, and are gone with the last of them", async () => {
  const prefix = `{${randomUUID()}}`;
  const keys = keysOf(prefix);
  const register = createWorkerRegister(redis, prefix);
  const slots = (count: string | null) =>
    waitFor(async () => (await redis.get(keys.slots)) === count, { what: `${count} slots` });
  const first = keepAnnounced(register, randomUUID(), 10);
  await slots("10");
  const second = keepAnnounced(register, randomUUID(), 5);
  await slots("15");
  await first.withdraw();
  await slots("5");
  await second.withdraw();
  await slots(null);
  expect(await redis.exists(keys.workers, keys.slots)).toBe(0);
});

test("a register that cannot be reached is no failure of the worker", async () => {
  const away = { announce: () => Promise.reject(new Error("away")), withdraw: () => Promise.reject(new Error("away")) };
  await expect(keepAnnounced(away, "worker", 10).withdraw()).resolves.toBeUndefined();
});

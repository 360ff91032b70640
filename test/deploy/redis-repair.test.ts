import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { startRedis, type TestRedis } from "@repl/testkit";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { blockOf, readMarkdown } from "../support/documents.ts";
import { find, K8S, parseManifests } from "./support/kustomize.ts";

const run = promisify(execFile);
const manifests = parseManifests(readFileSync(join(K8S, "components/redis/stateful-set.yaml"), "utf8"));

/** What the pod runs before its Redis, on the data of this one. */
async function repair(dataDir: string): Promise<{ readonly code: number; readonly output: string }> {
  const [{ command }] = find(manifests, "StatefulSet", "redis")["spec"].template.spec.initContainers;
  const [shell, ...args] = command.map((part: string) => part.replaceAll("/data", dataDir));
  return new Promise((resolve) => {
    execFile(shell, args, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

const partOf = ({ dataDir }: TestRedis, part = "1.incr.aof") => join(dataDir, `appendonlydir/appendonly.aof.${part}`);

/** Writes each key with a command of its own, or each with another one in a transaction, as scripts do; ends the server. */
async function fill(server: TestRedis, keys: number, script = "redis.call('SET', KEYS[1], 1)"): Promise<void> {
  const redis = new Redis(server.url);
  const pipeline = redis.pipeline();
  for (let key = 0; key < keys; key += 1) pipeline.eval(script, 1, `key-${key}`);
  await pipeline.exec();
  redis.disconnect();
  await server.kill();
}

const IN_TRANSACTION = "redis.call('SET', KEYS[1], 1) redis.call('SET', KEYS[1] .. '-too', 1)";

/** Flips a bit of the length that the next command from there on begins with, and says where that command begins. */
async function flipBit(path: string, from: number): Promise<number> {
  const bytes = await readFile(path);
  const begin = bytes.indexOf("\r\n*", from) + 2;
  bytes[begin] = (bytes[begin] ?? 0) ^ 1;
  await writeFile(path, bytes);
  return begin;
}

it("the Redis of k8s/components/redis cuts off before its start what a loss of power has torn, with its transaction", async () => {
  await using redis = await startRedis({ appendOnly: "always" });
  await redis.command("SET", "kept", "1");
  await redis.command("EVAL", "for i = 1, 3 do redis.call('SET', 'half-' .. i, 1) end", 0);
  await redis.powerLoss((await redis.appendOnlyBytes()) - 20);
  const torn = await readFile(partOf(redis));
  expect(await repair(redis.dataDir)).toMatchObject({
    code: 0,
    output: expect.stringContaining("Successfully truncated AOF"),
  });
  expect(await readFile(join(redis.dataDir, "torn.aof"))).toEqual(torn);
  await redis.restart();
  await redis.command("EVAL", "redis.call('SET', 'a', 1) redis.call('SET', 'b', 1)", 0);
  await redis.kill();
  expect(await repair(redis.dataDir)).toEqual({ code: 0, output: "" });
  await redis.restart();
  expect(await redis.command("MGET", "kept", "half-1", "half-2", "a", "b")).toEqual(["1", null, null, "1", "1"]);
});

it("and what is torn at any other byte, or was never written at all", { timeout: 60_000 }, async () => {
  await using redis = await startRedis({ appendOnly: "always" });
  await fill(redis, 2, IN_TRANSACTION);
  const whole = await readFile(partOf(redis));
  const last = whole.lastIndexOf("*1\r\n$5\r\nMULTI");
  for (let bytes = last + 1; bytes < whole.length; bytes += 7) {
    await writeFile(partOf(redis), whole.subarray(0, bytes));
    expect([bytes, (await repair(redis.dataDir)).code]).toEqual([bytes, 0]);
    expect((await readFile(partOf(redis))).length).toBe(last);
  }
  await writeFile(partOf(redis), whole);
  await appendFile(partOf(redis), Buffer.alloc(5_000));
  expect((await repair(redis.dataDir)).code).toBe(0);
  expect(await readFile(partOf(redis))).toEqual(whole);
});

it("and leaves a volume that is still empty as it is", async () => {
  await using redis = await startRedis();
  expect(existsSync(join(redis.dataDir, "appendonlydir"))).toBe(false);
  expect(await repair(redis.dataDir)).toEqual({ code: 0, output: "" });
});

it("docs/operations.md: cut off nevertheless, it starts with what came before, and no longer says that it knows every repl", async () => {
  await using redis = await startRedis({ appendOnly: "everysec" });
  await redis.command("SET", "{repl-orchestrator}:known-since", 1);
  await fill(redis, 2_000);
  await flipBit(partOf(redis), 4_019);
  expect((await repair(redis.dataDir)).code).toBe(1);
  await run("sh", ["-ec", blockOf("docs/operations.md", "cp -R appendonlydir")], { cwd: redis.dataDir });
  expect(await repair(redis.dataDir)).toEqual({ code: 0, output: "" });
  await redis.restart();
  expect(await redis.command("MGET", "key-0", "key-1999", "{repl-orchestrator}:known-since")).toEqual([
    "1",
    null,
    null,
  ]);
});

describe("it leaves alone, and ends with the way out,", () => {
  it.each([
    ["where a bit flipped early in its file", 2_000, undefined],
    ["where one flipped near the end, before whole commands", 200, undefined],
    ["where one flipped near the end, before whole transactions", 200, IN_TRANSACTION],
  ])("%s", async (_where, keys, script) => {
    await using redis = await startRedis({ appendOnly: "everysec" });
    await fill(redis, keys, script);
    const path = partOf(redis);
    const flipped = await flipBit(path, 4_019);
    const damaged = await readFile(path);
    const { code, output } = await repair(redis.dataDir);
    expect(code).toBe(1);
    const [, offset] = new RegExp(`${path} is damaged at byte (\\d+)`).exec(output) ?? [];
    // Of a transaction, all of it counts as damaged.
    expect(flipped - Number(offset)).toBeLessThan(100);
    expect(output).toContain(`${damaged.length - Number(offset)} of its ${damaged.length} bytes would be lost`);
    expect(await readFile(path)).toEqual(damaged);
    expect(existsSync(join(redis.dataDir, "torn.aof"))).toBe(false);
    const [, section = ""] = /docs\/operations\.md, "(.+)"/.exec(output) ?? [];
    expect(readMarkdown("docs/operations.md").prose.match(/^### .+/gm)).toContain(`### ${section}`);
  });

  it.each([
    ["a snapshot that is no more one", "1.base.rdb", (bytes: Buffer) => bytes.fill(7, 12, 30)],
    ["a list of its files that is no more one", "manifest", () => Buffer.from("garbage")],
    [
      "a torn file that is not the last",
      "manifest",
      (bytes: Buffer) => Buffer.concat([bytes, Buffer.from("file appendonly.aof.2.incr.aof seq 2 type i\n")]),
    ],
  ])("%s", async (_what, part, change) => {
    await using redis = await startRedis({ appendOnly: "everysec" });
    await fill(redis, 20);
    await writeFile(partOf(redis, "2.incr.aof"), await readFile(partOf(redis)));
    const torn = (await readFile(partOf(redis))).subarray(0, -3);
    await writeFile(partOf(redis), torn);
    const changed = change(await readFile(partOf(redis, part)));
    await writeFile(partOf(redis, part), changed);
    const { code, output } = await repair(redis.dataDir);
    expect(code).toBe(1);
    expect(output).toContain(join(redis.dataDir, "appendonlydir"));
    expect(output).toContain("docs/operations.md");
    expect(await readFile(partOf(redis))).toEqual(torn);
    expect(await readFile(partOf(redis, part))).toEqual(changed);
  });
});

import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { startRedis } from "@repl/testkit";
import { expect, it } from "vitest";
import { find, K8S, parseManifests } from "./support/kustomize.ts";

const run = promisify(execFile);
const manifests = parseManifests(readFileSync(join(K8S, "components/redis/stateful-set.yaml"), "utf8"));

/** What the pod runs before its Redis, on the data of this one. */
async function repair(dataDir: string): Promise<string> {
  const [{ command }] = find(manifests, "StatefulSet", "redis")["spec"].template.spec.initContainers;
  const [shell, ...args] = command.map((part: string) => part.replaceAll("/data", dataDir));
  return (await run(shell, args)).stdout;
}

it("the Redis of k8s/components/redis cuts off before its start what a loss of power has torn, with its transaction", async () => {
  await using redis = await startRedis({ appendOnly: "always" });
  await redis.command("SET", "kept", "1");
  await redis.command("EVAL", "for i = 1, 3 do redis.call('SET', 'half-' .. i, 1) end", 0);
  await redis.powerLoss((await redis.appendOnlyBytes()) - 20);
  expect(await repair(redis.dataDir)).toContain("Successfully truncated AOF");
  await redis.restart();
  await redis.command("EVAL", "redis.call('SET', 'a', 1) redis.call('SET', 'b', 1)", 0);
  await redis.kill();
  expect(await repair(redis.dataDir)).not.toContain("truncated");
  await redis.restart();
  expect(await redis.command("MGET", "kept", "half-1", "half-2", "a", "b")).toEqual(["1", null, null, "1", "1"]);
});

it("and leaves a volume that is still empty as it is", async () => {
  await using redis = await startRedis();
  expect(existsSync(join(redis.dataDir, "appendonlydir"))).toBe(false);
  expect(await repair(redis.dataDir)).toBe("");
});

import process from "node:process";
import { fileURLToPath } from "node:url";
import { startProcess, startRedis } from "@repl/testkit";
import { expect, test } from "vitest";
import { openSimulator } from "./support/targets.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

test("a worker ends where Redis evicts keys, naming the setting and the policy", async () => {
  await using target = await openSimulator();
  await using redis = await startRedis({ args: ["--maxmemory-policy", "allkeys-lru"] });
  const worker = await startProcess({
    name: "worker",
    command: process.execPath,
    args: ["apps/worker/src/main.ts"],
    cwd: ROOT,
    env: { REDIS_URL: redis.url, KUBECONFIG: target.kubeconfigPath, OPS_PORT: "0" },
  });
  expect(await worker.exited).toMatchObject({ code: 1, signal: null });
  expect(worker.output.text()).toMatch(/REDIS_URL: the primary: it evicts keys .*maxmemory-policy allkeys-lru/);
});

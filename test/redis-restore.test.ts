import { execFile } from "node:child_process";
import { copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { listResources, startRedis, waitFor } from "@repl/testkit";
import { expect, test } from "vitest";
import { blockOf } from "./support/documents.ts";
import { startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

const execute = promisify(execFile);

test("a restored backup deletes nothing that was started after it, and brings back what was stopped", {
  timeout: 200_000,
}, async () => {
  await using target = await openSimulator();
  await using server = await startRedis({ appendOnly: "everysec" });
  const redis = { server, env: { REDIS_URL: server.url } };
  const env = { SWEEP_INTERVAL_SECONDS: "1" };
  await using system = await startSystem(target, { redis, env });
  const run = async (kind: "start" | "stop", replId: string) => system.ended(await system.submit(kind, replId));
  const deployments = async () =>
    (await listResources(target.api, system.namespace)).filter((subject) => subject.startsWith("Deployment/"));

  await run("start", "before");
  const backup = join(dirname(target.kubeconfigPath), "backup.rdb");
  await execute("redis-cli", ["-p", String(server.port), "--rdb", backup]);
  await run("start", "after");
  await run("stop", "before");
  expect(await deployments()).toEqual(["Deployment/after"]);

  await system.workers[0]?.stop();
  await server.kill();
  await copyFile(backup, join(server.dataDir, "dump.rdb"));
  const lines = blockOf("docs/operations.md", "test ! -e appendonlydir").replace("{repl-orchestrator}", system.prefix);
  await execute("sh", ["-ec", lines], { cwd: server.dataDir });
  await server.restart();
  expect(await server.command("EXISTS", `${system.prefix}:known-since`)).toBe(0);
  const worker = await system.startWorker();
  const reported = () =>
    worker.output.lines().some((line) => /Deployment\/\S+\/after".*older than this Redis/.test(line));
  // The sweep leaves alone what is not a minute old.
  await waitFor(reported, { what: "the sweep to report what it does not know", timeoutMs: 120_000 });
  await waitFor(async () => (await deployments()).length === 2, { what: "what was stopped to run again" });
  const adopted = await waitFor(() => run("start", "after"), { what: "a start to adopt it", timeoutMs: 30_000 });
  expect(adopted).toMatchObject({ state: "completed", resources: [{}, {}, {}] });
  expect(await deployments()).toEqual(["Deployment/after", "Deployment/before"]);
});

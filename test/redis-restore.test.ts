import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listResources, startRedis, waitFor } from "@repl/testkit";
import { expect, test } from "vitest";
import { blockOf } from "./support/documents.ts";
import { startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

test("a restored backup deletes nothing that was started after it, and brings back what was stopped", {
  timeout: 200_000,
}, async () => {
  await using target = await openSimulator();
  await using server = await startRedis();
  const redis = { server, env: { REDIS_URL: server.url } };
  const env = { SWEEP_INTERVAL_SECONDS: "1" };
  await using system = await startSystem(target, { redis, env });
  const run = async (kind: "start" | "stop", replId: string) => system.ended(await system.submit(kind, replId));
  const deployments = async () =>
    (await listResources(target.api, system.namespace)).filter((subject) => subject.startsWith("Deployment/"));

  await run("start", "before");
  await server.command("SAVE");
  const dump = join(server.dataDir, "dump.rdb");
  const backup = await readFile(dump);
  await run("start", "after");
  await run("stop", "before");
  expect(await deployments()).toEqual(["Deployment/after"]);

  await system.workers[0]?.stop();
  await server.kill();
  await writeFile(dump, backup);
  await server.restart();
  const [, , key = ""] = blockOf("docs/operations.md", "redis-cli DEL").replaceAll("'", "").trim().split(" ");
  expect(await server.command("DEL", key.replace("{repl-orchestrator}", system.prefix))).toBe(1);
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

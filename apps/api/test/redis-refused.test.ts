import { startRedis, waitFor } from "@repl/testkit";
import { expect, it } from "vitest";
import { runApiProcess, startApiProcess } from "./api-process.ts";

it("a Redis that evicts keys ends the start, naming the setting and the policy", async () => {
  await using redis = await startRedis({ args: ["--maxmemory-policy", "volatile-lru"] });
  const url = redis.url.replace("//", "//:canary@");
  await redis.command("CONFIG", "SET", "requirepass", "canary");
  const { exit, output } = await runApiProcess({ REDIS_URL: url, PORT: "0", OPS_PORT: "0" });
  expect(exit).toMatchObject({ code: 1, signal: null });
  expect(output).toMatch(/REDIS_URL: the primary: it evicts keys .*maxmemory-policy volatile-lru/);
  expect(output).not.toContain("canary");
});

it("one that keeps no append-only file is warned of once, and one that does is not", async () => {
  await using without = await startRedis();
  await using api = await startApiProcess({ REDIS_URL: without.url });
  const warnings = () => api.logged().filter(({ msg }) => msg === "Redis is not set up as it should be");
  await waitFor(() => warnings().length > 0, { what: "the warning" });
  expect(warnings()).toMatchObject([{ warning: expect.stringContaining("append-only file") }]);

  await using proper = await startRedis({ appendOnly: "everysec" });
  await using other = await startApiProcess({ REDIS_URL: proper.url });
  await waitFor(() => other.logged().some(({ msg }) => msg === "listening"), { what: "the api to listen" });
  expect(other.logged().filter(({ msg }) => msg === "Redis is not set up as it should be")).toEqual([]);
});

it("a CA file that cannot be read ends the start, naming the setting", async () => {
  const env = { REDIS_URL: "rediss://127.0.0.1:1", REDIS_CA_PATH: "missing.crt" };
  const { exit, output } = await runApiProcess(env);
  expect(exit).toMatchObject({ code: 1, signal: null });
  expect(output).toContain("REDIS_CA_PATH: missing.crt cannot be used");
});

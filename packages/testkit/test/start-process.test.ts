import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { freePort, startProcess, waitFor } from "../src/index.ts";

const node = process.execPath;
const script = (code: string) => ({ command: node, args: ["-e", code] });

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("is ready by a line of output, and tells what the line says", async () => {
  const server = await startProcess({
    name: "server",
    ...script(
      `require("net").createServer().listen(0, "127.0.0.1", function () { console.log("port " + this.address().port) })`,
    ),
    ready: { line: /port (\d+)/ },
  });
  expect(Number(server.ready?.[1])).toBeGreaterThan(0);
  expect(await server.stop()).toEqual({ code: null, signal: "SIGTERM", leftovers: [] });
  expect(alive(server.pid)).toBe(false);
});

test("is ready by a URL", async () => {
  const port = await freePort();
  const code = `let n = 0; require("http").createServer((q, r) => { r.statusCode = n++ < 2 ? 503 : 200; r.end() }).listen(${port}, "127.0.0.1")`;
  const url = `http://127.0.0.1:${port}/`;
  const server = await startProcess({ name: "server", ...script(code), ready: { url } });
  expect((await fetch(url)).status).toBe(200);
  await server.stop();
});

test("a process that ends early is an error with its output", async () => {
  const broken = {
    name: "broken",
    ...script(`console.error("no settings"); process.exit(3)`),
    ready: { line: /never/ },
  };
  await expect(startProcess(broken)).rejects.toThrow(/^broken ended early \(code 3\); its output:\nno settings$/);
});

test("a process that is not ready in time is stopped", async () => {
  const slow = {
    name: "slow",
    ...script(`console.log("pid " + process.pid); setInterval(() => {}, 1000)`),
    ready: { line: /never/ },
    readyTimeoutMs: 500,
  };
  const error = await startProcess(slow).catch((caught: Error) => caught);
  expect(String(error)).toMatch(/slow was not ready after 500 ms; its output:\npid \d+/);
  const pid = Number(/pid (\d+)/.exec(String(error))?.[1]);
  expect(alive(pid)).toBe(false);
});

test("a process that is not ready yet can be stopped", async () => {
  const abort = new AbortController();
  const starting = startProcess({
    name: "slow",
    ...script(`console.log("begun"); setInterval(() => {}, 1000)`),
    ready: { until: () => false },
    onLine: () => abort.abort(),
    signal: abort.signal,
  });
  await expect(starting).rejects.toThrow("slow was stopped before it was ready");
});

test("is ready when a look says so", async () => {
  let looks = 0;
  const child = await startProcess({
    name: "child",
    ...script("setInterval(() => {}, 1000)"),
    ready: { until: () => ++looks === 3 },
  });
  expect(looks).toBe(3);
  await child.stop();
});

test("a missing command is named", async () => {
  await expect(startProcess({ name: "api", command: "no-such-command" })).rejects.toThrow(
    "api cannot be started: no-such-command is not installed",
  );
});

test("SIGKILL after the deadline, when SIGTERM is ignored", async () => {
  const deaf = await startProcess({
    name: "deaf",
    ...script(`process.on("SIGTERM", () => console.log("no")); setInterval(() => {}, 1000); console.log("ready")`),
    ready: { line: /ready/ },
    stopTimeoutMs: 300,
  });
  expect(await deaf.stop()).toMatchObject({ code: null, signal: "SIGKILL" });
  expect(deaf.output.lines()).toEqual(["ready", "no"]);
});

test("what a process leaves behind is killed and reported", async () => {
  const parent = await startProcess({
    name: "parent",
    ...script(`
      const child = require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
      console.log("child " + child.pid); setInterval(() => {}, 1000)`),
    ready: { line: /child (\d+)/ },
  });
  const child = Number(parent.ready?.[1]);
  const { leftovers } = await parent.stop();
  expect(leftovers).toEqual([expect.stringMatching(new RegExp(`^${child} .*setInterval`))]);
});

test("the environment is the one asked for", async () => {
  const child = await startProcess({
    name: "env",
    ...script("console.log(JSON.stringify(process.env)); setInterval(() => {}, 1000)"),
    env: { REDIS_URL: "redis://here" },
    ready: { line: /^\{/ },
  });
  const env = JSON.parse(child.output.text());
  await child.stop();
  expect(env).toMatchObject({ REDIS_URL: "redis://here", PATH: process.env.PATH });
  expect(env).not.toHaveProperty("VITEST");
});

test("a process ends with the test runner, even one that is killed", async () => {
  const testkit = fileURLToPath(new URL("../src/index.ts", import.meta.url));
  const runner = spawn(node, [
    "--input-type=module",
    "-e",
    `import { startProcess } from ${JSON.stringify(testkit)};
     const child = await startProcess({ name: "child", command: process.execPath, args: ["-e", "setInterval(() => {}, 1000)"] });
     console.log(child.pid); setInterval(() => {}, 1000)`,
  ]);
  const [said] = await once(runner.stdout, "data");
  const pid = Number(said);
  expect(alive(pid)).toBe(true);
  runner.kill("SIGKILL");
  await once(runner, "exit");
  await waitFor(() => !alive(pid), { what: "the orphan to be killed" });
});

import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, openBrowser } from "./support/chromium.ts";
import { startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BUILD = join(ROOT, "packages/client/script/build.ts");
const COMPILER = join(ROOT, "node_modules/typescript/bin/tsc");

/** A folder outside of the repository with the package in it, packed and installed as anybody's. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "client-"));
  await run(process.execPath, [BUILD, join(folder, "dist")]);
  const { stdout } = await run("npm", ["pack", "--json", "./dist"], { cwd: folder });
  const tarball = /"filename":\s*"([^"]+\.tgz)"/.exec(stdout)?.[1] ?? "";
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", `./${tarball}`], { cwd: folder });
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

const installed = () => join(folder, "node_modules/repl-orchestrator-client");

test("the package has what is needed and nothing else", async () => {
  const files = await readdir(installed(), { recursive: true, withFileTypes: true });
  const extensions = files.filter((file) => file.isFile()).map(({ name }) => name.replace(/^[^.]*\.?/, ""));
  expect([...new Set(extensions)].sort()).toEqual(["", "d.ts", "js", "json", "md"]);
  const manifest = JSON.parse(await readFile(join(installed(), "package.json"), "utf8")) as object;
  expect(manifest).toMatchObject({ name: "repl-orchestrator-client", type: "module", license: "Apache-2.0" });
  expect(Object.keys(manifest)).not.toContain("dependencies");
  expect(Object.keys(manifest)).not.toContain("private");
});

test("plain Node starts a repl and follows it, a failing one too", async () => {
  await using target = await openSimulator();
  await using system = await startSystem(target);
  const script = `
    import { createClient, JobFailedError } from "repl-orchestrator-client";
    const client = createClient({ baseUrl: process.argv[2] });
    const phases = new Set();
    const job = await client.startAndWait("outside", { onProgress: ({ phase }) => phases.add(phase) });
    const failure = await client.startAndWait("fail-image-outside").catch((error) => error);
    const repls = await client.repls();
    await client.keepalive("outside");
    console.log(JSON.stringify({
      state: job.state, urls: job.urls, last: [...phases].at(-1),
      failed: failure instanceof JobFailedError && failure.code,
      repls: repls.map(({ replId, state }) => [replId, state]),
    }));`;
  await writeFile(join(folder, "use.js"), script);
  const { stdout } = await run(process.execPath, ["use.js", system.apis[0]?.url ?? ""], { cwd: folder });
  expect(JSON.parse(stdout)).toEqual({
    state: "completed",
    urls: expect.arrayContaining(["http://outside.peetcode.com"]),
    last: "done",
    failed: "image_pull_failed",
    repls: [
      ["fail-image-outside", "failed"],
      ["outside", "running"],
    ],
  });
});

test("its types are found, and say what is wrong", async () => {
  const source = `
    import { createClient, type JobStatus } from "repl-orchestrator-client";
    const client = createClient({ baseUrl: "http://127.0.0.1", token: async () => "token" });
    export const job: Promise<JobStatus> = client.startAndWait("x", { onProgress: ({ phase }) => phase === "pulling" });
    // @ts-expect-error There is no such phase.
    export const wrong = (status: JobStatus) => status.phase === "dreaming";`;
  await writeFile(join(folder, "use.ts"), source);
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--lib", "es2022,dom", "--types", "", "use.ts"];
  await expect(run(process.execPath, [COMPILER, "--ignoreConfig", ...options], { cwd: folder })).resolves.toMatchObject(
    { stdout: "" },
  );
});

describe.skipIf(chromiumPath === undefined)("in a browser", () => {
  /** A page of another origin that serves the installed package. */
  async function servePackage() {
    const types: Record<string, string> = { ".js": "text/javascript", ".html": "text/html" };
    const server = createServer(async ({ url = "/" }, response) => {
      const html = "<!doctype html><title>front end</title>";
      const body = url === "/" ? html : await readFile(join(installed(), url)).catch(() => undefined);
      response
        .writeHead(body === undefined ? 404 : 200, { "content-type": types[extname(url)] ?? "text/html" })
        .end(body);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    return { origin, [Symbol.asyncDispose]: async () => void server.close() };
  }

  test("a page of another origin follows a start to ready", async () => {
    await using site = await servePackage();
    await using target = await openSimulator();
    await using system = await startSystem(target, { env: { CORS_ORIGINS: site.origin } });
    await using browser = await openBrowser();
    const page = await browser.newPage();
    await page.goto(site.origin);
    const options = JSON.stringify({ baseUrl: system.apis[0]?.url, token: "of-nobody" });
    // As text, since the test runner rewrites every import that it sees.
    const job = await page.evaluate(
      `import("/index.js").then(({ createClient }) =>
        createClient(${options}).startAndWait("in-browser", { idempotencyKey: "key-1" }))`,
    );
    expect(job).toMatchObject({ replId: "in-browser", state: "completed", phase: "done" });
  });
});

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);
const env = { ...process.env, REPOSITORY_URL: "https://git.example.com/repls/orchestrator.git" };

let folder: string;
let release: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "release-"));
  release = join(folder, "release");
  await run("script/release", ["pack", release], { cwd: ROOT, env });
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

test("a release is the client, the bill of materials and checksums that are right", async () => {
  const files = (await readdir(release)).sort();
  expect(files).toEqual([
    "SHA256SUMS",
    "bom.cdx.json",
    expect.stringMatching(/^repl-orchestrator-client-[\d.]+\.tgz$/),
  ]);
  const sums = (await readFile(join(release, "SHA256SUMS"), "utf8")).trim().split("\n");
  for (const [sum, name] of sums.map((line) => line.split("  ") as [string, string])) {
    expect(
      createHash("sha256")
        .update(await readFile(join(release, name)))
        .digest("hex"),
    ).toBe(sum);
  }
  expect(sums).toHaveLength(files.length - 1);
});

test("the package says where its source is, runs as JavaScript and holds no source or test", async () => {
  const [archive = ""] = (await readdir(release)).filter((name) => name.endsWith(".tgz"));
  await run("tar", ["-xzf", join(release, archive), "-C", folder]);
  const manifest = JSON.parse(await readFile(join(folder, "package/package.json"), "utf8"));
  expect(manifest.repository).toEqual({
    type: "git",
    url: "git+https://git.example.com/repls/orchestrator.git",
    directory: "packages/client",
  });
  expect(manifest.private).toBeUndefined();
  const files = await readdir(join(folder, "package"), { recursive: true });
  expect(files.filter((name) => /(?<!\.d)\.ts$|\.test\./.test(name))).toEqual([]);
  const client = await import(join(folder, "package/index.js"));
  expect(client.createClient).toBeTypeOf("function");
});

test("the bill names what is shipped with versions and licences, and nothing of development", async () => {
  const bom = JSON.parse(await readFile(join(release, "bom.cdx.json"), "utf8"));
  expect([bom.bomFormat, bom.specVersion]).toEqual(["CycloneDX", "1.5"]);
  const components = bom.components as { "bom-ref": string; licenses?: unknown[] }[];
  const names = components.map(({ "bom-ref": ref }) => ref.slice(0, ref.lastIndexOf("@")));
  expect(names).toEqual(
    expect.arrayContaining(["fastify", "bullmq", "ioredis", "undici", "@repl/worker", "repl-orchestrator-client"]),
  );
  expect(
    names.filter((name) => ["vitest", "node", "typescript", "@repl/simulator", "@repl/testkit"].includes(name)),
  ).toEqual([]);
  expect(components.filter(({ licenses }) => licenses === undefined)).toEqual([]);
});

test("publishing can be tried without publishing", async () => {
  const { stdout } = await run("script/release", ["publish", "--dry-run", release], { cwd: ROOT, env });
  expect(stdout).toContain("+ repl-orchestrator-client@");
});

test("a folder that is there is not written into, and a wrong call says how to call", async () => {
  await expect(run("script/release", ["pack", release], { cwd: ROOT, env })).rejects.toThrow(/exists already/);
  await expect(run("script/release", ["pusblish"], { cwd: ROOT, env })).rejects.toThrow(
    /usage: script\/release pack DIR/,
  );
});

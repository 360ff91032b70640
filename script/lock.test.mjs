import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { complete, problems } from "./lock.mjs";

const entry = (os, cpu, more = {}) => ({
  version: "1.0.0",
  cpu: [cpu],
  license: "MIT",
  optional: true,
  os: [os],
  ...more,
});
const tool = (optionalDependencies) => ({ version: "1.0.0", license: "MIT", optionalDependencies });
const lockOf = (packages) => ({ name: "root", lockfileVersion: 3, packages: { "": { name: "root" }, ...packages } });

test("the lock of this repository has everything, and no host", () => {
  const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"));
  expect(problems(lock)).toEqual([]);
  expect(JSON.stringify(complete(lock))).toBe(JSON.stringify(lock));
});

test("adds what is missing, in npm's order, with the platform that the name says", () => {
  const lock = lockOf({
    "node_modules/@t/cli-linux-x64": entry("linux", "x64", { dev: true, libc: ["glibc"], engines: { node: ">=14" } }),
    "node_modules/@t/tool": tool({
      "@t/cli-darwin-arm64": "1.0.0",
      "@t/cli-linux-x64": "1.0.0",
      "@t/cli-linux-x64-musl": "1.0.0",
      "@t/cli-win32-x64": "1.0.0",
    }),
    "node_modules/zebra": { version: "1.0.0" },
  });
  expect(problems(lock)).toHaveLength(3);
  expect(problems(lock)[0]).toBe(
    "@t/cli-darwin-arm64@1.0.0, optional for node_modules/@t/tool, has no entry: run node script/lock.mjs",
  );
  const { packages } = complete(lock);
  expect(Object.keys(packages)).toEqual([
    "",
    "node_modules/@t/cli-darwin-arm64",
    "node_modules/@t/cli-linux-x64",
    "node_modules/@t/cli-linux-x64-musl",
    "node_modules/@t/cli-win32-x64",
    "node_modules/@t/tool",
    "node_modules/zebra",
  ]);
  const family = { version: "1.0.0", license: "MIT", optional: true, dev: true, engines: { node: ">=14" } };
  expect(packages["node_modules/@t/cli-darwin-arm64"]).toEqual({ ...family, os: ["darwin"], cpu: ["arm64"] });
  expect(packages["node_modules/@t/cli-win32-x64"]).toEqual({ ...family, os: ["win32"], cpu: ["x64"] });
  const musl = packages["node_modules/@t/cli-linux-x64-musl"];
  expect(musl).toEqual({ ...family, os: ["linux"], cpu: ["x64"], libc: ["musl"] });
  expect(Object.keys(musl)).toEqual(["version", "cpu", "dev", "libc", "license", "optional", "os", "engines"]);
  expect(problems({ packages })).toEqual([]);
});

test("finds an entry where Node would, nested or above", () => {
  const packages = {
    "node_modules/a": { version: "1.0.0" },
    "node_modules/a/node_modules/@t/tool": tool({ "t-linux-x64": "1.0.0", "t-darwin-x64": "1.0.0" }),
    "node_modules/a/node_modules/t-linux-x64": entry("linux", "x64"),
    "node_modules/t-darwin-x64": entry("darwin", "x64"),
  };
  expect(problems(lockOf(packages))).toEqual([]);
});

test("refuses to guess a version or a platform", () => {
  const range = lockOf({ "node_modules/tool": tool({ "t-linux-x64": "^1.0.0" }) });
  expect(() => complete(range)).toThrow("t-linux-x64@^1.0.0, optional for node_modules/tool");
  const unknown = lockOf({ "node_modules/tool": tool({ helper: "1.0.0" }) });
  expect(() => complete(unknown)).toThrow("helper@1.0.0");
});

test("a registry's host is a problem, a workspace's folder is not", () => {
  const lock = lockOf({
    "node_modules/@repl/api": { resolved: "apps/api", link: true },
    "node_modules/a": { version: "1.0.0", resolved: "https://registry.example.com/a/-/a-1.0.0.tgz" },
  });
  expect(problems(lock)).toEqual([
    expect.stringMatching(/^node_modules\/a is bound to https:\/\/registry.example.com/),
  ]);
});

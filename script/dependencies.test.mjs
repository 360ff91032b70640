import { expect, test } from "vitest";
import { inexact, unlicensed } from "./dependencies.mjs";

test.each(["^1.2.3", "~1.2.3", "*", "1.x", ">=1.0.0", "latest", "1.2", "github:a/b", "file:../x"])(
  "the version %s is refused",
  (version) => {
    const found = inexact([{ name: "@repl/x", devDependencies: { left: version, right: "1.2.3-beta.1" } }]);
    expect(found).toEqual([`@repl/x: devDependencies.left is "${version}", not an exact version`]);
  },
);

const lock = (license, rest = {}) => ({
  packages: { "": { license: "none" }, "node_modules/a": { license, ...rest } },
});

test.each(["MIT", "(MIT OR GPL-3.0-only)", "MIT AND ISC", "(BSD-3-Clause OR GPL-2.0)"])(
  "%s may be shipped",
  (license) => {
    expect(unlicensed(lock(license))).toEqual([]);
  },
);

test.each(["GPL-3.0-only", "MIT AND GPL-2.0-only", "UNLICENSED", "SEE LICENSE IN LICENSE", undefined])(
  "%s may not be shipped",
  (license) => {
    expect(unlicensed(lock(license))).toHaveLength(1);
    expect(unlicensed(lock(license, { dev: true }))).toEqual([]);
  },
);

test("a package within a package counts as well", () => {
  const packages = {
    "node_modules/a": { license: "MIT" },
    "node_modules/a/node_modules/b": { license: "AGPL-3.0-only" },
  };
  expect(unlicensed({ packages })).toEqual([
    "node_modules/a/node_modules/b has the licence AGPL-3.0-only, which is not in script/dependencies.mjs",
  ]);
});

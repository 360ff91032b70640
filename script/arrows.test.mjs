import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { problems } from "./arrows.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

test("an arrow that is not in the table is refused, and so is a package without a row", () => {
  const manifests = [
    { name: "@repl/kube", dependencies: { undici: "1.0.0", "@repl/contract": "1.0.0" } },
    { name: "@repl/api", dependencies: { "@repl/contract": "1.0.0" }, devDependencies: { "@repl/testkit": "1.0.0" } },
    { name: "@repl/contract", dependencies: { "repl-orchestrator-client": "1.0.0" } },
    { name: "@repl/new" },
  ];
  expect(problems(manifests)).toEqual([
    "@repl/kube must not depend on @repl/contract (script/arrows.mjs)",
    "@repl/contract must not depend on repl-orchestrator-client (script/arrows.mjs)",
    "@repl/new has no row in script/arrows.mjs",
  ]);
});

/** Files that break a rule each -> the rules that must say so. */
const VIOLATIONS = {
  "packages/a/src/undeclared.ts": [`import { a } from "undici";\nexport const b = a;\n`, "noUndeclaredDependencies"],
  "packages/a/src/dev.ts": [`import { a } from "vitest";\nexport const b = a;\n`, "noUndeclaredDependencies"],
  "packages/a/src/other.ts": [
    `import { a } from "../../b/src/index.ts";\nexport const b = a;\n`,
    "noRestrictedImports",
  ],
  "packages/a/src/deep.ts": [`import { a } from "@repl/b/src/x.ts";\nexport const b = a;\n`, "noRestrictedImports"],
  "packages/a/src/own.ts": [`import { a } from "./index.ts";\nexport const b = a;\n`, "noRestrictedImports"],
  "packages/a/test/other.test.ts": [
    `import { a } from "../../b/src/x.ts";\nexport const b = a;\n`,
    "noRestrictedImports",
  ],
  "packages/a/src/one.ts": [`import type { Two } from "./two.ts";\nexport type One = Two | 1;\n`, "noImportCycles"],
  "packages/a/src/two.ts": [`import type { One } from "./one.ts";\nexport type Two = One | 2;\n`, "noImportCycles"],
  "packages/a/src/env.ts": [`export const b = process.env.B;\n`, "noProcessEnv"],
  "packages/a/src/floats.ts": [`async function a() {}\nexport function b() {\n  a();\n}\n`, "noFloatingPromises"],
  "packages/a/src/Name_it.ts": [`export const b = 1;\n`, "useFilenamingConvention"],
  "apps/api/src/late.ts": [`import { a } from "@repl/settings";\nexport const b = a;\n`, "noRestrictedImports"],
};
const SOUND = {
  "packages/a/src/x.ts": `import { Redis } from "ioredis";\nexport const b = Redis;\n`,
  "packages/a/test/x.test.ts": `import { test } from "vitest";\nimport { b } from "../src/index.ts";\ntest("b", () => void b);\n`,
  "apps/api/src/main.ts": `import { a } from "@repl/settings";\nexport const b = a(process.env);\n`,
};

test("Biome's rules catch a violation each, and nothing else", async () => {
  const dir = await mkdtemp(join(tmpdir(), "repl-arrows-"));
  const manifest = (name, dependencies = {}, devDependencies = {}) =>
    JSON.stringify({ name, version: "1.0.0", dependencies, devDependencies });
  const files = {
    ".gitignore": "node_modules\n",
    "package.json": manifest("root"),
    "apps/api/package.json": manifest("@repl/api", { "@repl/settings": "1.0.0" }),
    "packages/a/package.json": manifest("@repl/a", { ioredis: "1.0.0", "@repl/b": "1.0.0" }, { vitest: "1.0.0" }),
    ...Object.fromEntries(Object.entries(VIOLATIONS).map(([path, [text]]) => [path, text])),
    ...SOUND,
  };
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), text);
    }
    await copyFile(join(root, "biome.json"), join(dir, "biome.json"));
    await symlink(join(root, "node_modules"), join(dir, "node_modules"));
    expect(await lint(dir)).toEqual(
      Object.entries(VIOLATIONS)
        .map(([path, [, rule]]) => `${path} ${rule}`)
        .sort(),
    );
  } finally {
    await rm(dir, { recursive: true });
  }
});

/** Runs Biome's linter and returns "path rule" of each error, sorted. */
async function lint(dir) {
  const args = ["lint", "--reporter=github", "--max-diagnostics=200", "."];
  const output = await new Promise((resolve) => {
    execFile(join(root, "node_modules/.bin/biome"), args, { cwd: dir }, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
  const found = [...output.matchAll(/^::error title=lint\/\w+\/(\w+),file=([^,]+)/gm)];
  return [...new Set(found.map(([, rule, file]) => `${file.replace(`${dir}/`, "")} ${rule}`))].sort();
}

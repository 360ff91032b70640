// Compiles the package into packages/client/dist, or another folder: README.md says how to install that, script/release publishes it.
// usage: node packages/client/script/build.ts [DIR]
// Inside this repository the sources are imported as they are; only what others install has been compiled.
import { execFile } from "node:child_process";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const ROOT = join(PACKAGE, "../..");

/** The manifest of what is published: without what only this repository needs. */
function publishedManifest({ name, version, description, license, type }: Record<string, string>) {
  return {
    name,
    version,
    description,
    license,
    type,
    exports: { ".": { types: "./index.d.ts", default: "./index.js" } },
    types: "./index.d.ts",
    sideEffects: false,
    engines: { node: ">=20.3" },
  };
}

async function build(outDir: string): Promise<void> {
  await rm(outDir, { recursive: true, force: true });
  const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  await promisify(execFile)(process.execPath, [compiler, "-p", PACKAGE, "--outDir", outDir]);
  const manifest = JSON.parse(await readFile(join(PACKAGE, "package.json"), "utf8")) as Record<string, string>;
  await writeFile(join(outDir, "package.json"), `${JSON.stringify(publishedManifest(manifest), undefined, 2)}\n`);
  await copyFile(join(PACKAGE, "README.md"), join(outDir, "README.md"));
  await copyFile(join(ROOT, "LICENSE"), join(outDir, "LICENSE"));
}

try {
  await build(resolve(process.argv[2] ?? join(PACKAGE, "dist")));
} catch (error) {
  const { stdout, message } = error as Error & { stdout?: string };
  console.error(stdout || message);
  process.exitCode = 1;
}

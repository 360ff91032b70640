// Checks what we depend on: every version is exact, and every package that is shipped has a licence we may ship under
// Apache-2.0. Plain JavaScript without dependencies, like script/lock.mjs.
import { globSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** SPDX identifiers that ask for no more than to be named. A new one is added here by somebody who has read it. */
const LICENCES = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
  "PSF-2.0",
  "Unlicense",
]);

const EXACT = /^\d+\.\d+\.\d+(-[\w.-]+)?$/;
const FIELDS = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/** The dependencies of parsed package.json files that are no exact version, a sentence each. */
export function inexact(manifests) {
  return manifests.flatMap((manifest) =>
    FIELDS.flatMap((field) =>
      Object.entries(manifest[field] ?? {})
        .filter(([, version]) => !EXACT.test(version))
        .map(([name, version]) => `${manifest.name}: ${field}.${name} is "${version}", not an exact version`),
    ),
  );
}

/** Whether one of the alternatives of an SPDX expression is allowed; an expression with AND needs all of its parts. */
function isAllowed(expression) {
  const parts = expression.replace(/[()]/g, " ").trim();
  return parts
    .split(/\s+OR\s+/)
    .some((alternative) => alternative.split(/\s+AND\s+/).every((name) => LICENCES.has(name.trim())));
}

/** The packages of a parsed package-lock.json that are not for development alone and may not be shipped, a sentence each. */
export function unlicensed(lock) {
  return Object.entries(lock.packages)
    .filter(([place, { dev, link }]) => place.includes("node_modules/") && !dev && !link)
    .filter(([, { license }]) => license === undefined || !isAllowed(license))
    .map(
      ([place, { license }]) =>
        `${place} has the licence ${license ?? "(none)"}, which is not in script/dependencies.mjs`,
    );
}

function main() {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const read = (path) => JSON.parse(readFileSync(`${root}/${path}`, "utf8"));
  const paths = ["package.json", ...globSync("{apps,packages}/*/package.json", { cwd: root }), "test/package.json"];
  const found = [...inexact(paths.map(read)), ...unlicensed(read("package-lock.json"))];
  for (const problem of found) console.error(problem);
  return found.length === 0 ? 0 : 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = main();

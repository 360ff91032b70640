// Checks which of our packages each package may depend on. The rest is Biome's: imports must be declared in package.json
// (noUndeclaredDependencies), must not reach into another package (noRestrictedImports), nor form a cycle (noImportCycles).
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Package -> the packages of ours that its `dependencies` may name. Tests may use any (`devDependencies`). */
export const ARROWS = {
  "@repl/contract": [],
  "@repl/settings": ["@repl/contract"],
  "@repl/kube": [],
  "@repl/ops": [],
  "repl-orchestrator-client": [],
  "@repl/simulator": [],
  "@repl/provision": ["@repl/contract", "@repl/kube"],
  "@repl/checker": ["@repl/provision"],
  "@repl/testkit": [],
  "@repl/chaos": ["@repl/checker", "@repl/contract", "@repl/provision", "@repl/simulator", "@repl/testkit"],
  "@repl/api": ["@repl/contract", "@repl/ops", "@repl/settings", "@repl/web"],
  "@repl/worker": ["@repl/contract", "@repl/kube", "@repl/ops", "@repl/provision", "@repl/settings"],
  // Runs all of them in one process; nothing may depend on it.
  "@repl/simulation": [
    "@repl/api",
    "@repl/checker",
    "@repl/contract",
    "@repl/kube",
    "@repl/ops",
    "@repl/provision",
    "@repl/simulator",
    "@repl/worker",
  ],
  "@repl/web": ["repl-orchestrator-client"],
  "@repl/cli": ["repl-orchestrator-client"],
};

/** What is wrong, a sentence each, with the manifests (parsed package.json files) of all packages. */
export function problems(manifests, arrows = ARROWS) {
  return manifests.flatMap(({ name, dependencies = {} }) => {
    const allowed = arrows[name];
    if (allowed === undefined) return [`${name} has no row in script/arrows.mjs`];
    return Object.keys(dependencies)
      .filter((other) => isOurs(other, arrows) && !allowed.includes(other))
      .map((other) => `${name} must not depend on ${other} (script/arrows.mjs)`);
  });
}

/** The client is published under a name of its own; every other package of ours is in one scope. */
function isOurs(name, arrows) {
  return name.startsWith("@repl/") || name in arrows;
}

function main() {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const folders = ["apps", "packages"].flatMap((parent) =>
    readdirSync(`${root}/${parent}`).map((name) => `${parent}/${name}`),
  );
  const paths = folders.map((folder) => `${root}/${folder}/package.json`).filter((path) => existsSync(path));
  const found = problems(paths.map((path) => JSON.parse(readFileSync(path, "utf8"))));
  for (const problem of found) console.error(problem);
  return found.length === 0 ? 0 : 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = main();

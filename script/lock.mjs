// Completes package-lock.json with the optional packages of other platforms, or checks it with --check. Plain JavaScript
// without dependencies: it runs on any Node, before anything is installed.
//
// `npm install` leaves an optional package out of the lock when the registry it talks to does not have it, as partial
// mirrors do; on every platform `npm ci` then refuses ("Missing: … from lock file"). The entries added here have no
// integrity hash, since nobody could fetch the package; npm adds it when it installs from a registry that has it.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const OS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const CPU = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];
const LIBC = { gnu: "glibc", gnueabihf: "glibc", musl: "musl" };

/** The place in the lock that `name` resolves to from the package at `from`, as Node resolves; undefined when none. */
function resolve(packages, from, name) {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf("/node_modules/")))) {
    const place = `${base}${base && "/"}node_modules/${name}`;
    if (place in packages) return place;
    if (base === "") return undefined;
  }
}

/** Optional dependencies without an entry: who wants them, their name and their version. */
function missingOptional(packages) {
  return Object.entries(packages).flatMap(([from, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => resolve(packages, from, name) === undefined)
      .map(([name, version]) => ({ from, name, version })),
  );
}

/** What a package's name says about the platform it is for: "@biomejs/cli-linux-x64-musl". */
function platformOf(name) {
  const words = name.split(/[-/]/);
  const pick = (known) => words.filter((word) => known.includes(word)).slice(-1);
  return { os: pick(OS), cpu: pick(CPU), libc: pick(Object.keys(LIBC)).map((word) => LIBC[word]) };
}

/** An entry as npm writes it, keys in npm's order; what the name does not say is taken from an entry of the same family. */
function entryFor({ from, name, version }, packages) {
  const { os, cpu, libc } = platformOf(name);
  if (!/^\d/.test(version) || os.length === 0 || cpu.length === 0) {
    throw new Error(`${name}@${version}, optional for ${from}: neither version nor platform can be told from that`);
  }
  const siblings = Object.keys(packages[from].optionalDependencies).map((other) => resolve(packages, from, other));
  const present = siblings.filter((place) => place !== undefined).map((place) => packages[place]);
  const sibling = present.find((entry) => entry.os?.[0] === os[0]) ?? present[0] ?? packages[from];
  const namesLibc = os[0] === "linux" && present.some((entry) => entry.libc !== undefined);
  const entry = {
    version,
    cpu,
    dev: sibling.dev,
    libc: namesLibc ? (libc.length > 0 ? libc : ["glibc"]) : undefined,
    license: sibling.license,
    optional: true,
    os,
    peer: sibling.peer,
    engines: sibling.engines,
  };
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));
}

/** The lock with every missing entry, in npm's order, so that a later `npm install` moves nothing. */
export function complete(lock) {
  const packages = { ...lock.packages };
  for (const missing of missingOptional(lock.packages)) {
    const holder = missing.from.slice(0, Math.max(0, missing.from.lastIndexOf("node_modules/")));
    packages[`${holder}node_modules/${missing.name}`] = entryFor(missing, lock.packages);
  }
  const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, "en"));
  return { ...lock, packages: Object.fromEntries(sorted) };
}

/** What is wrong with a lock, a sentence each; empty when nothing is. */
export function problems(lock) {
  const missing = missingOptional(lock.packages).map(
    ({ from, name, version }) => `${name}@${version}, optional for ${from}, has no entry: run node script/lock.mjs`,
  );
  const hosts = Object.entries(lock.packages)
    .filter(([, { resolved }]) => resolved !== undefined && /^[a-z+]+:\/\//.test(resolved))
    .map(([place, { resolved }]) => `${place} is bound to ${resolved}: npm install --omit-lockfile-registry-resolved`);
  return [...missing, ...hosts];
}

function main(args) {
  const path = fileURLToPath(new URL("../package-lock.json", import.meta.url));
  const lock = JSON.parse(readFileSync(path, "utf8"));
  if (args.length > 1 || (args.length === 1 && args[0] !== "--check")) {
    console.error("usage: node script/lock.mjs [--check]");
    return 2;
  }
  if (args.length === 0) {
    writeFileSync(path, `${JSON.stringify(complete(lock), undefined, 2)}\n`);
    console.log(`package-lock.json: ${missingOptional(lock.packages).length} entries added`);
    return 0;
  }
  const found = problems(lock);
  for (const problem of found) console.error(`package-lock.json: ${problem}`);
  return found.length === 0 ? 0 : 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = main(process.argv.slice(2));
}

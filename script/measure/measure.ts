import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cyclesOf } from "./cycles.ts";
import { type ExportedDeclaration, readSource, type SourceFile } from "./source-file.ts";
import { type Spread, spreadOf } from "./statistics.ts";

const SOURCES = ["apps/*/src/**/*.ts", "apps/web/page/**/*.ts", "packages/*/src/**/*.ts"];
const TESTS = ["apps/*/test/**/*.ts", "packages/*/test/**/*.ts", "test/**/*.ts", "script/*.test.{ts,mjs}"];

/** Packages that exist for tests alone: measured like all others, but tests where tests are compared with source. */
const FOR_TESTS = /^packages\/(chaos|checker|simulation|testkit)\//;

/** The figures of a repository; lengths are in lines. */
export interface Measurements {
  readonly files: number;
  readonly lines: number;
  readonly fileLines: Spread;
  readonly functionLines: Spread;
  /** The longest file and the longest function, as "path" and "path:line name". */
  readonly longest: { readonly file: string; readonly function: string };
  /** Of 100 lines, those that are nothing but comment. */
  readonly commentPercent: number;
  /** Of 100 exported declarations, those with a doc comment. */
  readonly documentedPercent: number;
  /** Groups of files that import each other's values. */
  readonly cycles: readonly (readonly string[])[];
  /** What a package exports to others without a doc comment: "path:line name". */
  readonly undocumented: readonly string[];
  /** Lines of tests, and of what exists for them alone, for one line of the rest. */
  readonly testRatio: number;
}

/** Counts a repository's TypeScript. @param root its folder @throws SyntaxError where a file is no TypeScript */
export function measure(root: string): Measurements {
  const sources = filesOf(root, SOURCES).map((path) => readSource(root, path));
  const lines = linesOf(sources);
  const forTests = linesOf(sources.filter(({ path }) => FOR_TESTS.test(path)));
  const tests = linesOf(filesOf(root, TESTS).map((path) => readSource(root, path)));
  const exported = sources.flatMap((file) => file.exports);
  return {
    files: sources.length,
    lines,
    fileLines: spreadOf(sources.map((file) => file.lines)),
    functionLines: spreadOf(sources.flatMap(({ functions }) => functions.map((each) => each.lines))),
    longest: { file: longestFileOf(sources), function: longestFunctionOf(sources) },
    commentPercent: percent(sum(sources.map((file) => file.commentLines)), lines),
    documentedPercent: percent(exported.filter(({ isDocumented }) => isDocumented).length, exported.length),
    cycles: cyclesOf(new Map(sources.map(({ path, imports }) => [path, imports]))),
    undocumented: undocumentedOf(root, sources),
    testRatio: Math.round((10 * (tests + forTests)) / (lines - forTests)) / 10,
  };
}

const linesOf = (files: readonly SourceFile[]): number => sum(files.map((file) => file.lines));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function longestFileOf(files: readonly SourceFile[]): string {
  return files.toSorted((a, b) => b.lines - a.lines)[0]?.path ?? "";
}

function longestFunctionOf(files: readonly SourceFile[]): string {
  const all = files.flatMap(({ path, functions }) => functions.map((each) => ({ ...each, path })));
  const [longest] = all.toSorted((a, b) => b.lines - a.lines);
  return longest === undefined ? "" : `${longest.path}:${longest.line} ${longest.name}`;
}

const percent = (part: number, whole: number): number => Math.floor((100 * part) / whole);

function filesOf(root: string, patterns: readonly string[]): string[] {
  return globSync([...patterns], { cwd: root, exclude: (name) => name === "node_modules" }).toSorted();
}

interface Manifest {
  readonly exports?: string | Readonly<Record<string, string>>;
}

/** The files that other packages may import: what `exports` of the package.json files name. */
function entriesOf(root: string): string[] {
  const folders = ["apps", "packages"].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => `${parent}/${name}`),
  );
  return folders.flatMap((folder) => {
    const path = join(root, folder, "package.json");
    if (!existsSync(path)) return [];
    const { exports = {} } = JSON.parse(readFileSync(path, "utf8")) as Manifest;
    return [typeof exports === "string" ? exports : Object.values(exports)].flat().map((file) => join(folder, file));
  });
}

/** Where each exported name of an entry is declared, through all files that pass it on. */
function declarationsOf(file: SourceFile, sources: ReadonlyMap<string, SourceFile>): Declared[] {
  const passedOn = file.reExports.flatMap(({ name, from }) => {
    const origin = sources.get(from ?? "");
    return origin === undefined ? [] : declarationsOf(origin, sources).filter((each) => each.name === name);
  });
  return [...file.exports.map((each) => ({ ...each, path: file.path })), ...passedOn];
}

interface Declared extends ExportedDeclaration {
  readonly path: string;
}

function undocumentedOf(root: string, files: readonly SourceFile[]): string[] {
  const sources = new Map(files.map((file) => [file.path, file]));
  const declared = entriesOf(root).flatMap((path) => {
    const entry = sources.get(path);
    if (entry === undefined) throw new Error(`${path} is exported, but not a source`);
    return declarationsOf(entry, sources);
  });
  const missing = declared.filter(({ isDocumented }) => !isDocumented);
  return [...new Set(missing.map(({ path, line, name }) => `${path}:${line} ${name}`))].toSorted();
}

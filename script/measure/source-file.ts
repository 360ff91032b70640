import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { type Comment, type Declaration, type ParseResult, parseSync, type Span, Visitor } from "oxc-parser";

/** A function of a file that has a name. */
interface NamedFunction {
  readonly name: string;
  /** The line it begins on, counted from 1. */
  readonly line: number;
  /** From its first line to its last. */
  readonly lines: number;
}

/** A declaration that a file exports where it declares it. */
export interface ExportedDeclaration {
  readonly name: string;
  readonly line: number;
  /** Whether a `/**` comment ends right before it. */
  readonly isDocumented: boolean;
}

/** A name that a file exports from another one. */
interface ReExport {
  readonly name: string;
  /** The file that it comes from, from the root; undefined where that is a package. */
  readonly from: string | undefined;
}

/** What is counted of one TypeScript file. */
export interface SourceFile {
  /** From the root, with slashes. */
  readonly path: string;
  readonly lines: number;
  /** Lines with nothing but a comment. */
  readonly commentLines: number;
  readonly functions: readonly NamedFunction[];
  readonly exports: readonly ExportedDeclaration[];
  readonly reExports: readonly ReExport[];
  /** The files of the repository whose values it imports, from the root. What is imported as a type does not exist when it runs. */
  readonly imports: readonly string[];
}

/** A file and its text on the way to what is counted of it. */
interface Parsed {
  readonly path: string;
  readonly text: string;
  readonly result: ParseResult;
}

/** Reads and parses a file. @param path from the root @throws SyntaxError where it is no TypeScript */
export function readSource(root: string, path: string): SourceFile {
  return parseSource(path, readFileSync(join(root, path), "utf8"));
}

/** What is counted of a text. @throws SyntaxError where it is no TypeScript */
export function parseSource(path: string, text: string): SourceFile {
  const result = parseSync(path, text);
  const [error] = result.errors;
  if (error !== undefined) throw new SyntaxError(`${path}: ${error.message}`);
  const parsed = { path, text, result };
  return {
    path,
    lines: text.trimEnd().split("\n").length,
    commentLines: commentLinesOf(parsed),
    functions: functionsOf(parsed),
    exports: exportsOf(parsed),
    reExports: reExportsOf(parsed),
    imports: importsOf(parsed),
  };
}

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split("\n").length;

function commentLinesOf({ text, result }: Parsed): number {
  const isAlone = ({ start }: Comment) => text.slice(text.lastIndexOf("\n", start - 1) + 1, start).trim() === "";
  const linesOf = ({ start, end }: Comment) => text.slice(start, end).split("\n").length;
  return result.comments.filter(isAlone).reduce((sum, comment) => sum + linesOf(comment), 0);
}

const isFunction = (node: { type: string } | null | undefined): boolean =>
  node?.type === "FunctionExpression" || node?.type === "ArrowFunctionExpression";

/** The written name of a variable, a field or a method; undefined for a pattern or a computed one. */
function writtenName(node: { type: string; name?: unknown }): string | undefined {
  return (node.type === "Identifier" || node.type === "PrivateIdentifier") && typeof node.name === "string"
    ? node.name
    : undefined;
}

/** Declarations, methods, and what is bound to a variable or a property. A callback is part of the function that passes it. */
function functionsOf({ text, result }: Parsed): NamedFunction[] {
  const found: NamedFunction[] = [];
  const add = (name: string | undefined, { start, end }: Span) => {
    const line = lineOf(text, start);
    found.push({ name: name ?? "(computed)", line, lines: lineOf(text, end) - line + 1 });
  };
  new Visitor({
    FunctionDeclaration: (node) => add(node.id?.name, node),
    MethodDefinition: (node) => add(writtenName(node.key), node),
    Property: (node) => isFunction(node.value) && add(writtenName(node.key), node),
    PropertyDefinition: (node) => isFunction(node.value) && add(writtenName(node.key), node),
    VariableDeclarator: (node) => isFunction(node.init) && add(writtenName(node.id), node),
  }).visit(result.program);
  return found;
}

function namesDeclared(declaration: Declaration): string[] {
  if (declaration.type === "VariableDeclaration")
    return declaration.declarations.map(({ id }) => writtenName(id) ?? "(pattern)");
  return "id" in declaration && declaration.id !== null && "name" in declaration.id ? [declaration.id.name] : [];
}

function exportsOf({ text, result }: Parsed): ExportedDeclaration[] {
  const isDoc = ({ type, value }: Comment) => type === "Block" && value.startsWith("*");
  const docEnds = result.comments.filter(isDoc).map(({ end }) => end);
  return result.program.body.flatMap((node) => {
    if (node.type !== "ExportNamedDeclaration" || node.declaration === null) return [];
    const isDocumented = docEnds.some((end) => end <= node.start && text.slice(end, node.start).trim() === "");
    const line = lineOf(text, node.start);
    return namesDeclared(node.declaration).map((name) => ({ name, line, isDocumented }));
  });
}

const resolve = (path: string, specifier: string): string | undefined =>
  specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : undefined;

function reExportsOf({ path, result }: Parsed): ReExport[] {
  return result.module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ importName, moduleRequest }) =>
      moduleRequest === null ? [] : [{ name: importName.name ?? "*", from: resolve(path, moduleRequest.value) }],
    ),
  );
}

function importsOf({ path, result }: Parsed): string[] {
  const { staticImports, staticExports } = result.module;
  // An import without names runs the file.
  const imported = staticImports
    .filter(({ entries }) => entries.length === 0 || entries.some(({ isType }) => !isType))
    .map(({ moduleRequest }) => moduleRequest.value);
  const passedOn = staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ isType, moduleRequest }) => (isType || moduleRequest === null ? [] : [moduleRequest.value])),
  );
  return [...new Set([...imported, ...passedOn].flatMap((specifier) => resolve(path, specifier) ?? []))];
}

import { readFile } from "node:fs/promises";
import { delimiter, dirname, resolve } from "node:path";
import { parseDocument } from "yaml";
import { CredentialsError, fileProblem } from "./credentials-error.ts";

/** One named entry of a kubeconfig, with the file it stands in: relative paths are meant from there. */
export interface Entry {
  file: string;
  directory: string;
  value: Record<string, unknown>;
}

/** All files of a KUBECONFIG put together. */
export interface Kubeconfig {
  /** As given, for errors. */
  origin: string;
  currentContext: string | undefined;
  contexts: Map<string, Entry>;
  clusters: Map<string, Entry>;
  users: Map<string, Entry>;
}

/**
 * Reads and merges the files as kubectl does: the first entry of a name wins, missing files of several are passed over.
 * @throws {CredentialsError} naming the file, and line and column where it is no YAML
 */
export async function readKubeconfig(value: string): Promise<Kubeconfig> {
  const files = value.split(delimiter).filter((file) => file !== "");
  if (files.length === 0) {
    throw new CredentialsError("KUBECONFIG names no file");
  }
  const merged: Kubeconfig = {
    origin: value,
    currentContext: undefined,
    contexts: new Map(),
    clusters: new Map(),
    users: new Map(),
  };
  let found = 0;
  for (const file of files) {
    const text = await readOne(file, files.length > 1);
    if (text === undefined) continue;
    found++;
    mergeFile(merged, resolve(file), parseFile(file, text));
  }
  if (found === 0) {
    throw new CredentialsError(`kubeconfig ${value}: none of the files exists`);
  }
  return merged;
}

async function readOne(file: string, mayBeMissing: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (missing && mayBeMissing) return undefined;
    throw new CredentialsError(`kubeconfig ${file}: ${fileProblem(error)}`);
  }
}

function parseFile(file: string, text: string): Record<string, unknown> {
  const document = parseDocument(text, { logLevel: "silent" });
  const [problem] = document.errors;
  if (problem !== undefined) {
    // yaml's own message quotes the line, which may hold a token.
    const [at] = problem.linePos ?? [];
    const place = at ? ` at line ${at.line}, column ${at.col}` : "";
    throw new CredentialsError(`kubeconfig ${file}: no valid YAML${place} (${problem.code})`);
  }
  const value = toPlain(file, () => document.toJS());
  if (!isRecord(value)) {
    throw new CredentialsError(`kubeconfig ${file}: is empty or cut short`);
  }
  return value;
}

function toPlain(file: string, convert: () => unknown): unknown {
  try {
    return convert();
  } catch {
    throw new CredentialsError(`kubeconfig ${file}: too many or unresolved YAML aliases`);
  }
}

function mergeFile(merged: Kubeconfig, file: string, value: Record<string, unknown>): void {
  const current = value["current-context"];
  if (typeof current === "string" && current !== "") {
    merged.currentContext ??= current;
  }
  for (const list of ["contexts", "clusters", "users"] as const) {
    mergeEntries(merged[list], file, list, value[list] ?? []);
  }
}

function mergeEntries(into: Map<string, Entry>, file: string, list: string, entries: unknown): void {
  if (!Array.isArray(entries)) {
    throw new CredentialsError(`kubeconfig ${file}: ${list} is not a list`);
  }
  for (const [index, value] of entries.entries()) {
    if (!isRecord(value) || typeof value["name"] !== "string") {
      throw new CredentialsError(`kubeconfig ${file}: ${list}[${index}].name is missing`);
    }
    if (into.has(value["name"])) continue;
    into.set(value["name"], { file, directory: dirname(file), value });
  }
}

/** Whether a value is an object with fields. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

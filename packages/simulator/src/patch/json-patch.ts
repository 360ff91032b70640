import { isDeepStrictEqual } from "node:util";
import { cloneJson } from "../objects/clone.ts";
import { isFields } from "../objects/object.ts";

/** A patch that cannot be applied: a missing path, a failed test, an unknown operation. */
export class PatchFailed extends Error {}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

const pointer = (path: string): readonly string[] =>
  path === ""
    ? []
    : path
        .slice(1)
        .split("/")
        .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

function child(value: unknown, part: string): unknown {
  if (Array.isArray(value)) return value[Number(part)];
  return isFields(value) ? value[part] : undefined;
}

const valueAt = (root: unknown, path: string): unknown => pointer(path).reduce(child, root);

function existing(root: unknown, path: string): unknown {
  const value = valueAt(root, path);
  if (value === undefined) throw new PatchFailed(`nothing at ${path}`);
  return value;
}

/** The container that holds the last part of a path. */
function holder(root: unknown, path: string): [unknown, string] {
  const parts = pointer(path);
  const last = parts.at(-1);
  if (last === undefined) throw new PatchFailed("the whole cannot be changed");
  return [parts.slice(0, -1).reduce(child, root), last];
}

function add(root: unknown, path: string, value: unknown): void {
  const [inside, last] = holder(root, path);
  if (Array.isArray(inside)) {
    const index = last === "-" ? inside.length : Number(last);
    if (!(index >= 0 && index <= inside.length)) throw new PatchFailed(`no place at ${path}`);
    inside.splice(index, 0, value);
  } else if (isFields(inside)) inside[last] = value;
  else throw new PatchFailed(`nothing to add to at ${path}`);
}

function remove(root: unknown, path: string): void {
  existing(root, path);
  const [inside, last] = holder(root, path);
  if (Array.isArray(inside)) inside.splice(Number(last), 1);
  else if (isFields(inside)) delete inside[last];
}

function apply(root: unknown, operation: Operation): void {
  const { op, path, from = "", value } = operation;
  if (op === "add") add(root, path, value);
  else if (op === "remove") remove(root, path);
  else if (op === "replace") {
    remove(root, path);
    add(root, path, value);
  } else if (op === "copy") add(root, path, cloneJson(existing(root, from)));
  else if (op === "move") {
    const moved = existing(root, from);
    remove(root, from);
    add(root, path, moved);
  } else if (op !== "test") throw new PatchFailed(`unknown operation ${op}`);
  else if (!isDeepStrictEqual(valueAt(root, path), value)) throw new PatchFailed(`test failed at ${path}`);
}

/**
 * RFC 6902 on a copy of the target.
 * @throws PatchFailed when one operation cannot be done; then nothing is.
 */
export function jsonPatch(target: unknown, operations: readonly unknown[]) {
  const result = cloneJson(target);
  for (const operation of operations) apply(result, operation as Operation);
  return result;
}

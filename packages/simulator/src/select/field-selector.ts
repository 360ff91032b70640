import { badRequest } from "../errors/errors.ts";
import type { Kind } from "../kinds/kind.ts";
import { asFields, type KubeObject } from "../objects/object.ts";
import type { Matcher } from "./label-selector.ts";

const TERM = /^([A-Za-z0-9_.]+)\s*(==|=|!=)\s*(.*)$/;

function fieldAt(object: KubeObject, path: string): string {
  const value = path.split(".").reduce<unknown>((at, part) => asFields(at)[part], object);
  return value === undefined ? "" : String(value);
}

function checkKnown(kind: Kind, path: string): void {
  const known = ["metadata.name", ...(kind.namespaced ? ["metadata.namespace"] : []), ...kind.selectableFields];
  if (known.includes(path)) return;
  const list = known.map((field) => `"${field}"`).join(", ");
  throw badRequest(`"${path}" is not a known field selector: only ${list}`);
}

/**
 * Reads `metadata.name=a,status.phase!=Running`.
 * @throws ApiError 400 for a field that the kind cannot be selected by.
 */
export function parseFieldSelector(kind: Kind, text: string): Matcher {
  const tests = text
    .split(",")
    .filter((term) => term.trim() !== "")
    .map((term): Matcher => {
      const match = TERM.exec(term.trim());
      if (match === null) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
      const [, path = "", operator, wanted] = match;
      checkKnown(kind, path);
      return (object) => (fieldAt(object, path) === wanted) === (operator !== "!=");
    });
  return (object) => tests.every((test) => test(object));
}

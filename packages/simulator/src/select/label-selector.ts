import { badRequest } from "../errors/errors.ts";
import type { KubeObject } from "../objects/object.ts";
import { meets, type Requirement } from "./object-selector.ts";

export type Matcher = (object: KubeObject) => boolean;

/** Splits at commas outside parentheses. */
const terms = (text: string): readonly string[] =>
  text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== "");

const KEY = "([A-Za-z0-9][-A-Za-z0-9_./]*)";
const SET = new RegExp(`^${KEY}\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const COMPARE = new RegExp(`^${KEY}\\s*(==|=|!=|>|<)\\s*([-A-Za-z0-9_.]*)$`);
const EXISTS = new RegExp(`^(!?)\\s*${KEY}$`);
const OPERATORS = {
  in: "In",
  notin: "NotIn",
  "=": "In",
  "==": "In",
  "!=": "NotIn",
  ">": "Gt",
  "<": "Lt",
} as const;

function parseTerm(term: string): Requirement {
  const set = SET.exec(term);
  if (set)
    return {
      key: set[1] ?? "",
      operator: OPERATORS[set[2] as "in" | "notin"],
      values: (set[3] ?? "").split(",").map((value) => value.trim()),
    };
  const compare = COMPARE.exec(term);
  if (compare)
    return {
      key: compare[1] ?? "",
      operator: OPERATORS[compare[2] as keyof typeof OPERATORS],
      values: [compare[3] ?? ""],
    };
  const exists = EXISTS.exec(term);
  if (exists)
    return {
      key: exists[2] ?? "",
      operator: exists[1] === "!" ? "DoesNotExist" : "Exists",
      values: [],
    };
  throw badRequest(`unable to parse requirement: found '${term}', expected: a key, an operator and its values`);
}

/**
 * Reads the label selector syntax of the API: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
 * @throws ApiError 400 when a term cannot be read.
 */
export function parseLabelSelector(text: string): Matcher {
  const requirements = terms(text).map(parseTerm);
  return (object) => requirements.every((requirement) => meets(requirement, object.metadata.labels ?? {}));
}

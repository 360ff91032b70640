import { isObject, type Json, type JsonObject } from "../json.ts";
import { ADDRESS, LABELS, RESERVED_PREFIX } from "../labels.ts";
import { PLACEHOLDER } from "../render/placeholder.ts";
import type { Path, TemplateDocument } from "./document.ts";
import type { TemplateProblem } from "./template-error.ts";

/** A key with its value, or an item of a list. */
export interface Place {
  readonly path: Path;
  /** Undefined for an item of a list. */
  readonly key: string | undefined;
  readonly value: Json;
}

/** Kinds whose text is for other programs, which have placeholders of their own. */
const FREE_TEXT = new Set(["ConfigMap", "Secret"]);

/** Kinds that may say at which address they are reached. */
const ROUTES = new Set(["Ingress", "HTTPRoute"]);

/** The placeholders of other template languages, which nothing here would replace. */
const FOREIGN_PLACEHOLDER = /\{\{\s*\w+\s*\}\}/;

/** What no place of a document may hold, whatever its kind. */
export function checkPlaces({ tree, problem }: TemplateDocument): TemplateProblem[] {
  const isFreeText = FREE_TEXT.has(String(tree.kind));
  return placesOf(tree).flatMap(({ path, key, value }) => {
    const isAddress = ROUTES.has(String(tree.kind)) && path.join(".") === `metadata.annotations.${ADDRESS}`;
    const problems = [isAddress ? undefined : reservedKey(key), mergeKey(key), notJson(value)];
    if (!isFreeText) problems.push(foreignPlaceholder(key), foreignPlaceholder(value));
    return problems.filter((message) => message !== undefined).map((message) => problem(path, message));
  });
}

function reservedKey(key: string | undefined): string | undefined {
  if (key !== LABELS.managedBy && key?.startsWith(RESERVED_PREFIX) !== true) return undefined;
  return `${key} is set by the orchestrator and must not be set in a template`;
}

/** YAML 1.2 has no merge keys: `<<` would reach the API server as a field of that name. */
function mergeKey(key: string | undefined): string | undefined {
  return key === "<<" ? "merge keys (<<) are not supported; write the fields out" : undefined;
}

function notJson(value: Json): string | undefined {
  return typeof value === "number" && !Number.isFinite(value) ? `${value} is no number of JSON` : undefined;
}

function foreignPlaceholder(text: unknown): string | undefined {
  const found = typeof text === "string" ? FOREIGN_PLACEHOLDER.exec(text)?.[0] : undefined;
  return found === undefined
    ? undefined
    : `nothing replaces ${found}; the placeholder for the replId is ${PLACEHOLDER}`;
}

/** All of a tree, what is above before what is below. */
export function placesOf(tree: JsonObject | Json[], path: Path = []): Place[] {
  const entries = Array.isArray(tree)
    ? tree.map((value, index) => ({ path: [...path, index], key: undefined, value }))
    : Object.entries(tree).map(([key, value]) => ({ path: [...path, key], key, value }));
  return entries.flatMap((place) => {
    const { value } = place;
    return Array.isArray(value) || isObject(value) ? [place, ...placesOf(value, place.path)] : [place];
  });
}

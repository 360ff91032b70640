import Type from "typebox";
import type { TLocalizedValidationError } from "typebox/error";
import type { FieldProblem } from "./problem.ts";

/** Longest part of a client's own field name that is repeated to it. */
const SHOWN_CHARACTERS = 64;
/** Most entries; the body limit alone would allow thousands. */
const MOST_PROBLEMS = 20;

/**
 * Validation errors in plain words, one for each field.
 * @param part what the field is called when the whole is wrong: body, query, params.
 */
export function fieldProblems(
  schema: Type.TSchema,
  errors: readonly TLocalizedValidationError[],
  part: string,
): FieldProblem[] {
  const problems = errors.flatMap((error) => explain(schema, error, part));
  const first = new Map(problems.toReversed().map((problem) => [problem.field, problem]));
  return [...first.values()].toReversed().slice(0, MOST_PROBLEMS);
}

function explain(schema: Type.TSchema, error: TLocalizedValidationError, part: string): FieldProblem[] {
  const name = error.instancePath.slice(1).replaceAll("/", ".");
  const field = shown(name) || part;
  switch (error.keyword) {
    case "required":
      return error.params.requiredProperties.map((missing) => ({ field: missing, message: "is missing" }));
    case "additionalProperties":
      return error.params.additionalProperties.map((extra) => ({
        field: shown(extra),
        message: "is not a known field",
      }));
    case "boolean":
      return []; // Says of each unknown field what `additionalProperties` says of all of them.
    case "type":
      return [{ field, message: `must be ${article(String(error.params.type))}` }];
    default:
      return [{ field, message: expectation(schema, name) ?? error.message }];
  }
}

/** The first sentence of the field's own description, which says what it takes better than any rule of its schema put into words. */
function expectation(schema: Type.TSchema, name: string): string | undefined {
  const field = Type.IsObject(schema) ? schema.properties[name] : undefined;
  const description = (field as { description?: string } | undefined)?.description;
  return description && `is not valid. Expected: ${description.split(/\.(?:\s|$)/, 1)[0]}`;
}

function article(type: string): string {
  return type === "integer" ? "a whole number" : type === "object" ? "a JSON object" : `a ${type}`;
}

function shown(name: string): string {
  return name.slice(0, SHOWN_CHARACTERS);
}

import Type from "typebox";
import { Compile } from "typebox/compile";
import type { App } from "../app-types.ts";
import { fieldProblems } from "../problems/field-problems.ts";
import { type FieldProblem, Problem } from "../problems/problem.ts";

/**
 * Validates requests by their schemas, without turning any value into another type; only in the query, where all is
 * text, a field that is declared a whole number may be written as one.
 */
export function validateRequests(app: App): void {
  app.setValidatorCompiler<Type.TSchema>(({ schema, httpPart = "body" }) => {
    const compiled = Compile(schema);
    const integers = httpPart === "querystring" ? integerFields(schema) : [];
    return (input: unknown) => {
      const value = integers.length > 0 ? withIntegers(input as Record<string, unknown>, integers) : input;
      if (compiled.Check(value)) return { value };
      const part = httpPart === "querystring" ? "query" : httpPart;
      return { error: refusal(fieldProblems(schema, compiled.Errors(value), part)) };
    };
  });
}

function refusal(errors: FieldProblem[]): Problem {
  return new Problem("invalid_request", { errors });
}

function integerFields(schema: Type.TSchema): string[] {
  if (!Type.IsObject(schema)) return [];
  return Object.entries(schema.properties).flatMap(([name, field]) => (Type.IsInteger(field) ? [name] : []));
}

function withIntegers(query: Record<string, unknown>, fields: readonly string[]): Record<string, unknown> {
  const converted = fields.flatMap((name) => {
    const text = query[name];
    return typeof text === "string" && /^\d{1,9}$/.test(text) ? [[name, Number(text)] as const] : [];
  });
  return { ...query, ...Object.fromEntries(converted) };
}

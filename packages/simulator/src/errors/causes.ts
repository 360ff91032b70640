import type { Cause } from "./api-error.ts";

/** The wordings of k8s.io/apimachinery `field.Error`. A string value is quoted, anything else is JSON. */
const quoted = (value: unknown): string => JSON.stringify(value ?? null);

export const required = (field: string, why = ""): Cause => ({
  reason: "FieldValueRequired",
  message: why === "" ? "Required value" : `Required value: ${why}`,
  field,
});

export const invalidValue = (field: string, value: unknown, why: string): Cause => ({
  reason: "FieldValueInvalid",
  message: `Invalid value: ${quoted(value)}: ${why}`,
  field,
});

export const immutable = (field: string, value: unknown): Cause => invalidValue(field, value, "field is immutable");

export const duplicate = (field: string, value: unknown): Cause => ({
  reason: "FieldValueDuplicate",
  message: `Duplicate value: ${quoted(value)}`,
  field,
});

export const missing = (field: string, value: unknown): Cause => ({
  reason: "FieldValueNotFound",
  message: `Not found: ${quoted(value)}`,
  field,
});

export const forbiddenValue = (field: string, why: string): Cause => ({
  reason: "FieldValueForbidden",
  message: `Forbidden: ${why}`,
  field,
});

export const unsupported = (field: string, value: unknown, allowed: readonly string[]): Cause => ({
  reason: "FieldValueNotSupported",
  message: `Unsupported value: ${quoted(value)}: supported values: ${allowed.map(quoted).join(", ")}`,
  field,
});

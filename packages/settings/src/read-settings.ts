import type Type from "typebox";
import { Value } from "typebox/value";
import { keywordsOf, type Settings, type SettingsSchema } from "./setting.ts";
import type { Problem } from "./settings-error.ts";

/** Longest part of a wrong value that a message repeats. */
const SHOWN_CHARACTERS = 100;

type Reading = { readonly value: unknown } | { readonly problem: Problem };

/** Every variable that a schema reads. */
export function variablesOf(schema: SettingsSchema): string[] {
  return Object.values(schema.properties).map((setting) => keywordsOf(setting).variable);
}

/** Reads every setting of a schema from the environment: the frozen settings, or all problems. */
export function readSettings<Schema extends SettingsSchema>(
  schema: Schema,
  env: NodeJS.ProcessEnv,
): { readonly settings: Settings<Schema> } | { readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const settings: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(schema.properties)) {
    const reading = read(setting, env);
    if ("problem" in reading) problems.push(reading.problem);
    else if (reading.value !== undefined) settings[name] = frozen(reading.value);
  }
  return problems.length > 0 ? { problems } : { settings: Object.freeze(settings) as Settings<Schema> };
}

function read(setting: Type.TSchema, env: NodeJS.ProcessEnv): Reading {
  const { variable, expected, secret, default: fallback } = keywordsOf(setting);
  const raw = env[variable];
  if (raw === undefined || raw === "") return { value: fallback };
  const value = decode(setting, raw);
  if (Value.Check(setting, value)) return { value };
  const got = secret
    ? "another value (not shown, it may hold a secret)"
    : JSON.stringify(raw.slice(0, SHOWN_CHARACTERS));
  return { problem: { variable, message: `expected ${expected}, got ${got}` } };
}

/** The text as the schema's type where it can be that, else as it is, which the schema then refuses. */
function decode(setting: Type.TSchema, raw: string): unknown {
  const { type } = setting as { type?: string };
  if (type === "integer") return /^(0|-?[1-9]\d{0,14})$/.test(raw) ? Number(raw) : raw;
  if (type === "array") return raw.split(",").map((item) => item.trim());
  return raw;
}

function frozen(value: unknown): unknown {
  return Array.isArray(value) ? Object.freeze([...value]) : value;
}

import Type, { type Static } from "typebox";

/** What every setting says about itself, whatever its type. */
interface About {
  /** Name of the environment variable. */
  readonly variable: string;
  /** One sentence for the operator; units are in the variable's name. */
  readonly description: string;
}

/** The keywords that this package adds to a setting's JSON Schema. */
export interface SettingKeywords extends About {
  /** Completes the sentence "PORT: expected …". */
  readonly expected: string;
  /** Whether the value may hold a secret, so that no message may repeat it. */
  readonly secret: boolean;
  readonly default?: unknown;
}

/** A whole number, limits included. */
export function integer(options: About & { default: number; minimum: number; maximum: number }) {
  const { minimum, maximum } = options;
  return Type.Integer({ ...options, expected: `a whole number from ${minimum} to ${maximum}`, secret: false });
}

/** One of a few words. */
export function choice<const Values extends readonly [string, ...string[]]>(
  values: Values,
  options: About & { default: Values[number] },
) {
  const expected =
    values.length === 1 ? `\`${values[0]}\`` : `one of ${values.map((word) => `\`${word}\``).join(", ")}`;
  return Type.Unsafe<Values[number]>(Type.Enum([...values], { ...options, expected, secret: false }));
}

interface TextOptions extends About {
  readonly default?: string;
  readonly expected: string;
  readonly secret?: boolean;
  /** Whether a non-empty value is what `expected` says. */
  readonly check: (value: string) => boolean;
}

/** A text that a function judges. */
export function text({ check, secret = false, ...options }: TextOptions) {
  return Type.Refine(Type.String({ ...options, secret }), (value: string) => check(value));
}

/** A text that has no default: unset, its property is missing. */
export function optionalText(options: Omit<TextOptions, "default">) {
  return Type.Optional(text(options));
}

/** Texts separated by commas, blanks around them ignored. */
export function list({ check, ...options }: Omit<TextOptions, "default" | "secret"> & { readonly default: string[] }) {
  const item = Type.Refine(Type.String(), (value: string) => check(value));
  return Type.Array(item, { ...options, secret: false, minItems: 1 });
}

/** Texts separated by commas that have no default: unset, the property is missing. */
export function optionalList({ check, ...options }: Omit<TextOptions, "default" | "secret">) {
  const item = Type.Refine(Type.String(), (value: string) => check(value));
  return Type.Optional(Type.Array(item, { ...options, secret: false, minItems: 1 }));
}

/** A process's settings: each property is built by one of the functions above. */
export type SettingsSchema = Type.TObject<Record<string, Type.TSchema>>;

/** The frozen value that a schema describes. */
export type Settings<Schema extends SettingsSchema> = Readonly<Static<Schema>>;

/** A setting's own keywords. */
export function keywordsOf(schema: Type.TSchema): SettingKeywords {
  return schema as unknown as SettingKeywords;
}

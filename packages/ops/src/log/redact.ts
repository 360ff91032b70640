/** What stands where a secret was. */
const CENSORED = "[redacted]";

/** Fields that hold nothing but secrets, in lower case and without what separates words. */
const SECRET_NAMES = [
  ...["authorization", "proxyauthorization", "cookie", "setcookie", "xapikey", "apikey"],
  ...["password", "passwd", "secret", "clientsecret", "authsecret", "privatekey", "clientkeydata"],
  ...["token", "accesstoken", "refreshtoken", "idtoken", "bearertoken"],
  ...["secretaccesskey", "awssecretaccesskey", "awssessiontoken", "otelexporterotlpheaders"],
];

/** One of these names with any separators. */
const SECRET_NAME = new RegExp(
  `^[-_. ]*(?:${SECRET_NAMES.map((name) => [...name].join("[-_. ]*")).join("|")})[-_. ]*$`,
  "i",
);

/** Levels of objects within objects that are looked at; what is deeper is not written. */
const DEEPEST = 10;

/** A field of JSON that stands within a text. */
const FIELD_IN_TEXT = /"([\w-]{1,40})"\s{0,10}:\s{0,10}"[^"\\]*"/g;

/**
 * The fields of a line without those of telling names, however deep. Of errors only name, message, code, stack and cause
 * stay, since ioredis attaches the command, which holds the password where it was AUTH.
 */
export function redactFields(fields: object): Record<string, unknown> {
  return cleanObject(fields as Record<string, unknown>, 0);
}

/** The object itself where nothing in it has to be replaced, as in nearly every line. */
function cleanObject(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(fields)) {
    const value = isSecret(name) ? CENSORED : clean(fields[name], depth + 1);
    if (value === fields[name]) continue;
    copy ??= { ...fields };
    copy[name] = value;
  }
  return copy ?? fields;
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === "string") return cleanText(value);
  if (typeof value !== "object" || value === null || "toJSON" in value) return value;
  if (depth > DEEPEST) return "[too deep]";
  if (value instanceof Error) return cleanObject(describeError(value), depth);
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1));
  return cleanObject(value as Record<string, unknown>, depth);
}

function cleanText(text: string): string {
  if (!text.includes('"')) return text;
  return text.replace(FIELD_IN_TEXT, (field, name: string) => (isSecret(name) ? `"${name}":"${CENSORED}"` : field));
}

/** What was found of the names of fields, of which a process has some hundred. */
const KNOWN = new Map<string, boolean>();
const MOST_KNOWN = 1_000;

/** Each field of each line is looked at, which must cost little. */
function isSecret(name: string): boolean {
  const known = KNOWN.get(name);
  if (known !== undefined) return known;
  const found = SECRET_NAME.test(name);
  if (KNOWN.size < MOST_KNOWN) KNOWN.set(name, found);
  return found;
}

function describeError({ name, message, stack, cause, ...rest }: Error): Record<string, unknown> {
  const { code } = rest as { code?: unknown };
  return { name, message, code, stack, ...(cause === undefined ? {} : { cause }) };
}

/** The password of a URL, as in redis://user:password@host. */
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@"\\]{0,256}):[^\s/"\\]{1,1024}@/gi;
/** Credentials as a header carries them (RFC 9110 11.4), wherever they are quoted. */
const CREDENTIALS = /\b(bearer|basic) {1,8}[\w.~+/=-]{8,}/gi;
/** A signed JSON Web Token; its first part always begins so, being JSON in base64url. */
const JWT = /(?<![\w-])eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?/g;

/**
 * A line of the log without what looks like a secret wherever it stands: in messages, stacks and ids as well. Nothing
 * that is replaced holds a quote or a backslash, so the line stays the JSON that it was. Secrets that look like nothing
 * of this have to be kept out by whoever logs.
 */
export function redactLine(line: string): string {
  const withoutPasswords = line.includes("://") ? line.replace(URL_PASSWORD, `$1:${CENSORED}@`) : line;
  return withoutPasswords.replace(CREDENTIALS, `$1 ${CENSORED}`).replace(JWT, CENSORED);
}

import { isKeySetUrl, isPublicKeyPem } from "./checks.ts";
import { choice, integer, optionalList, optionalText } from "./setting.ts";
import type { Problem } from "./settings-error.ts";

const WITH_SECRET = ["HS256", "HS384", "HS512"];
const WITH_KEY = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
/** RFC 7518 3.2: a key of the size of the hash or larger. */
const SHORTEST_SECRET_BYTES = 32;

/** Who may ask for what; part of the api's settings. */
export const auth = {
  authMode: choice(["none", "jwt"], {
    variable: "AUTH_MODE",
    description:
      "`jwt`: each request carries a token, whose subject is the user. `none` lets everybody act as any user; it must be said explicitly to listen beyond loopback.",
    default: "none",
  }),
  authJwksUrl: optionalText({
    variable: "AUTH_JWKS_URL",
    description: "Where the identity provider publishes its keys. One of this, AUTH_PUBLIC_KEY and AUTH_SECRET.",
    expected: "https://…, or http://… on this machine",
    check: isKeySetUrl,
  }),
  authPublicKey: optionalText({
    variable: "AUTH_PUBLIC_KEY",
    description: "The key that tokens are verified with.",
    secret: true,
    expected: "a public key in PEM (-----BEGIN PUBLIC KEY-----), line breaks as they are or written \\n",
    check: isPublicKeyPem,
  }),
  authSecret: optionalText({
    variable: "AUTH_SECRET",
    description: "The secret that tokens are signed and verified with.",
    expected: `at least ${SHORTEST_SECRET_BYTES} bytes`,
    secret: true,
    check: (value) => Buffer.byteLength(value) >= SHORTEST_SECRET_BYTES,
  }),
  authAlgorithms: optionalList({
    variable: "AUTH_ALGORITHMS",
    description:
      "Signatures that are accepted, separated by commas. Unset: HS256 with AUTH_SECRET, else RS256, PS256, ES256 and EdDSA.",
    expected: `some of ${[...WITH_KEY, ...WITH_SECRET].join(", ")}`,
    check: (value) => WITH_KEY.includes(value) || WITH_SECRET.includes(value),
  }),
  authIssuer: optionalText({
    variable: "AUTH_ISSUER",
    description: "`iss` of every token; needed where AUTH_MODE is jwt.",
    expected: "a text",
    check: isShortText,
  }),
  authAudience: optionalText({
    variable: "AUTH_AUDIENCE",
    description: "What `aud` of every token must name; needed where AUTH_MODE is jwt.",
    expected: "a text",
    check: isShortText,
  }),
  authClockToleranceSeconds: integer({
    variable: "AUTH_CLOCK_TOLERANCE_SECONDS",
    description: "How far the identity provider's clock may differ from this machine's.",
    default: 5,
    minimum: 0,
    maximum: 60,
  }),
  authCacheSeconds: integer({
    variable: "AUTH_CACHE_SECONDS",
    description:
      "How long a token that was found good is not verified again, at most until it expires. So long does a key still count that the identity provider has withdrawn. 0 verifies every time.",
    default: 30,
    minimum: 0,
    maximum: 60,
  }),
};

type AuthSettings = { readonly [Name in keyof typeof auth]?: unknown };

const KEYS = {
  authJwksUrl: "AUTH_JWKS_URL",
  authPublicKey: "AUTH_PUBLIC_KEY",
  authSecret: "AUTH_SECRET",
} as const;
const NEEDED = { authIssuer: "AUTH_ISSUER", authAudience: "AUTH_AUDIENCE" } as const;

/** Settings of authentication that do not go together. */
export function authProblems(settings: AuthSettings): Problem[] {
  const keys = given(settings, KEYS);
  if (settings.authMode === "none") {
    return [...keys, ...given(settings, NEEDED)].map((variable) => ({
      variable,
      message: "is set, but AUTH_MODE is `none`, so that no token would be looked at",
    }));
  }
  return [...oneKey(keys), ...missing(settings), ...otherAlgorithms(settings)];
}

function given(settings: AuthSettings, names: Partial<Record<keyof typeof auth, string>>): string[] {
  return Object.entries(names).flatMap(([name, variable]) =>
    settings[name as keyof typeof auth] === undefined ? [] : [variable],
  );
}

function oneKey(keys: readonly string[]): Problem[] {
  if (keys.length === 1) return [];
  const message = "exactly one of AUTH_JWKS_URL, AUTH_PUBLIC_KEY and AUTH_SECRET must be set where AUTH_MODE is `jwt`";
  return [{ variable: keys[1] ?? "AUTH_JWKS_URL", message }];
}

function missing(settings: AuthSettings): Problem[] {
  const present = given(settings, NEEDED);
  return Object.values(NEEDED)
    .filter((variable) => !present.includes(variable))
    .map((variable) => ({ variable, message: "must be set where AUTH_MODE is `jwt`" }));
}

/** A public key must never be taken for a secret (RFC 8725 2.1), so the two families are not mixed. */
function otherAlgorithms({ authAlgorithms, authSecret }: AuthSettings): Problem[] {
  const allowed = authSecret === undefined ? WITH_KEY : WITH_SECRET;
  const wrong = (authAlgorithms as string[] | undefined)?.find((name) => !allowed.includes(name));
  if (wrong === undefined) return [];
  const key = authSecret === undefined ? "a public key" : "a secret";
  return [{ variable: "AUTH_ALGORITHMS", message: `${wrong} does not go with ${key}` }];
}

function isShortText(value: string): boolean {
  return value.length <= 1_000;
}

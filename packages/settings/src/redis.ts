import { parseRedisUrl, REDIS_URL_FORMS } from "@repl/contract";
import { isPath } from "./checks.ts";
import { optionalText, text } from "./setting.ts";
import type { Problem } from "./settings-error.ts";

/** Where Redis is and how to get in; part of both processes' settings, which must agree on the URL. */
export const redis = {
  redisUrl: text({
    variable: "REDIS_URL",
    description: "The Redis that holds intents, jobs and the queue: one server, Sentinels that name it, or a cluster.",
    default: "redis://127.0.0.1:6379",
    expected: REDIS_URL_FORMS,
    secret: true,
    check: (value) => parseRedisUrl(value) !== undefined,
  }),
  redisCaPath: optionalText({
    variable: "REDIS_CA_PATH",
    description:
      "Certificates (PEM) of the authorities that sign those of Redis and of its Sentinels; unset, those that Node trusts.",
    expected: "a path",
    check: isPath,
  }),
  redisSentinelUsername: optionalText({
    variable: "REDIS_SENTINEL_USERNAME",
    description: "The user for the Sentinels, where they have users; the one in REDIS_URL is for Redis alone.",
    expected: "a text",
    check: () => true,
  }),
  redisSentinelPassword: optionalText({
    variable: "REDIS_SENTINEL_PASSWORD",
    description: "The password for the Sentinels, where they ask for one.",
    expected: "a text",
    secret: true,
    check: () => true,
  }),
};

type RedisSettings = { readonly redisUrl: string } & { readonly [Name in keyof typeof redis]?: unknown };

/** Settings of Redis that do not go together. */
export function redisProblems(settings: RedisSettings): Problem[] {
  const address = parseRedisUrl(settings.redisUrl);
  return [
    ...(settings.redisCaPath !== undefined && !address?.tls
      ? [{ variable: "REDIS_CA_PATH", message: "is set, but REDIS_URL does not ask for TLS (rediss)" }]
      : []),
    ...(address?.topology === "sentinel" ? [] : withoutSentinel(settings)),
    ...(settings.redisSentinelUsername !== undefined && settings.redisSentinelPassword === undefined
      ? [{ variable: "REDIS_SENTINEL_PASSWORD", message: "must be set where REDIS_SENTINEL_USERNAME is" }]
      : []),
  ];
}

function withoutSentinel(settings: RedisSettings): Problem[] {
  const names = { redisSentinelUsername: "REDIS_SENTINEL_USERNAME", redisSentinelPassword: "REDIS_SENTINEL_PASSWORD" };
  return Object.entries(names)
    .filter(([name]) => settings[name as keyof typeof names] !== undefined)
    .map(([, variable]) => ({ variable, message: "is set, but REDIS_URL names no Sentinels (redis+sentinel)" }));
}

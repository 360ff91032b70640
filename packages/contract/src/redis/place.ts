import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseRedisUrl, REDIS_URL_FORMS, type RedisAddress } from "./address.ts";

/** The settings that say where Redis is; those that are missing are unset. */
export interface RedisSettings {
  readonly redisUrl: string;
  /** Starts every key, with one `{hash tag}`. */
  readonly queuePrefix: string;
  /** File with the certificates (PEM) that sign Redis'; missing: those that Node trusts. */
  readonly redisCaPath?: string | undefined;
  /** Of the Sentinels, which have users of their own. */
  readonly redisSentinelUsername?: string | undefined;
  readonly redisSentinelPassword?: string | undefined;
}

/** Where Redis is and how to get in, ready to connect. Holds secrets. */
export interface RedisPlace extends RedisAddress {
  /** PEM. */
  readonly ca?: string;
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string;
  /** Whose hash tag says which node of a cluster holds the keys. */
  readonly prefix: string;
}

/** The settings of Redis are wrong, or the Redis they lead to must not be used. For the operator; no secrets. */
export class RedisSettingsError extends Error {
  override readonly name = "RedisSettingsError";
}

/**
 * Puts the settings together; reads the CA file, connects to nothing.
 * @throws RedisSettingsError naming the variable.
 */
export function redisPlace(settings: RedisSettings): RedisPlace {
  const { redisUrl, queuePrefix: prefix, redisCaPath, redisSentinelUsername, redisSentinelPassword } = settings;
  const address = parseRedisUrl(redisUrl);
  if (address === undefined) throw new RedisSettingsError(`REDIS_URL: expected ${REDIS_URL_FORMS}`);
  return {
    ...address,
    prefix,
    ...(redisCaPath === undefined ? {} : { ca: readCa(redisCaPath) }),
    ...(redisSentinelUsername === undefined ? {} : { sentinelUsername: redisSentinelUsername }),
    ...(redisSentinelPassword === undefined ? {} : { sentinelPassword: redisSentinelPassword }),
  };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs;

function readCa(path: string): string {
  try {
    const ca = readFileSync(path, "utf8");
    const certificates = ca.match(CERTIFICATE) ?? [];
    if (certificates.length === 0) throw new Error("it holds no certificate in PEM");
    for (const certificate of certificates) new X509Certificate(certificate); // Node's TLS would leave a broken one out.
    return ca;
  } catch (error) {
    throw new RedisSettingsError(`REDIS_CA_PATH: ${path} cannot be used: ${(error as Error).message}`);
  }
}

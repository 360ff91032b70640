import { delimiter } from "node:path";

const KEPT = [
  ...["PATH", "HOME", "TMPDIR", "LANG", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"],
  ...["KUBEBUILDER_ASSETS", "TESTCLUSTER_CACHE"],
];

/**
 * What a started process keeps of the test runner's environment: enough to find programs, not enough to find the
 * developer's own Redis or cluster. This file is the only place of the package that reads `process.env`.
 */
export function inheritedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    KEPT.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** The program that tests start as Redis: REDIS_SERVER_BINARY, such as a valkey-server; default `redis-server`. */
export function redisServerBinary(): string {
  return process.env.REDIS_SERVER_BINARY || "redis-server";
}

/** PATH, to look for a program. */
export function searchPath(): readonly string[] {
  return (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
}

/** With REQUIRE_ALL=1, as in CI, a test whose means are missing fails instead of being skipped. */
export function requiresAll(): boolean {
  return process.env.REQUIRE_ALL === "1";
}

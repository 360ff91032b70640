import { hasHashTag, isHost } from "./checks.ts";
import { redis } from "./redis.ts";
import { choice, integer, text } from "./setting.ts";
import { tracing } from "./tracing.ts";

/** Settings that the api and the worker read alike; both processes of one installation must agree on Redis, the prefix and the retention. */
export const shared = {
  ...redis,
  queuePrefix: text({
    variable: "QUEUE_PREFIX",
    description: "Starts every key in Redis; installations that share a Redis need different ones.",
    default: "{repl-orchestrator}",
    expected: "at most 100 printable characters with one {hash tag}, such as {staging}",
    check: hasHashTag,
  }),
  jobRetentionSeconds: integer({
    variable: "JOB_RETENTION_SECONDS",
    description: "How long an ended job stays readable.",
    default: 7 * 24 * 3_600,
    minimum: 60,
    maximum: 365 * 24 * 3_600,
  }),
  opsHost: text({
    variable: "OPS_HOST",
    description: "Where the operators' port listens. Probes from outside of the machine or pod need 0.0.0.0.",
    default: "127.0.0.1",
    expected: "an IP address or host name",
    check: isHost,
  }),
  shutdownGraceSeconds: integer({
    variable: "SHUTDOWN_GRACE_SECONDS",
    description:
      "From SIGTERM until the process ends, whatever is still open. Keep it below the time until SIGKILL (30 in Kubernetes).",
    default: 25,
    minimum: 1,
    maximum: 3_600,
  }),
  logLevel: choice(["trace", "debug", "info", "warn", "error", "fatal", "silent"], {
    variable: "LOG_LEVEL",
    description: "The least severe log lines that are written. Audit lines (`audit: true`) always are.",
    default: "info",
  }),
  ...tracing,
};

/** Where the operators' port is, which differs by process so that both can run on one machine. */
export function opsPort(port: number) {
  return integer({
    variable: "OPS_PORT",
    description: "The operators' port: health, metrics and, of the api, the dashboard. 0 takes any free port.",
    default: port,
    minimum: 0,
    maximum: 65_535,
  });
}

import Type from "typebox";
import { auth, authProblems } from "./auth.ts";
import { isAddressRange, isHost, isLoopback, isOrigin } from "./checks.ts";
import { redisProblems } from "./redis.ts";
import { choice, integer, list, optionalList, type Settings, text } from "./setting.ts";
import type { Problem } from "./settings-error.ts";
import { opsPort, shared } from "./shared.ts";

/** Settings of the api process. */
export const ApiSettings = Type.Object({
  ...shared,
  host: text({
    variable: "HOST",
    description: "Where the public port listens. Beyond loopback (OPS_HOST likewise), AUTH_MODE must be set as well.",
    default: "127.0.0.1",
    expected: "an IP address or host name",
    check: isHost,
  }),
  port: integer({
    variable: "PORT",
    description: "The public port. 0 takes any free port.",
    default: 3_002,
    minimum: 0,
    maximum: 65_535,
  }),
  opsPort: opsPort(3_003),
  corsOrigins: list({
    variable: "CORS_ORIGINS",
    description: "Origins of the front ends that may call the api from a browser, separated by commas.",
    default: ["http://localhost:3000"],
    expected: "exact origins separated by commas, such as https://ide.example.com",
    check: isOrigin,
  }),
  trustedProxies: optionalList({
    variable: "TRUSTED_PROXIES",
    description:
      "Addresses of the proxies in front of the public port, separated by commas: from these alone X-Forwarded-For is believed to name the client. Unset, the client is whoever connects.",
    expected: "IP addresses or ranges separated by commas, such as 10.0.0.0/8",
    check: isAddressRange,
  }),
  ...auth,
  maxOpenJobs: integer({
    variable: "MAX_OPEN_JOBS",
    description: "Starts are refused with 503 while this many starts have not ended; stops never are. 0 is no limit.",
    default: 10_000,
    minimum: 0,
    maximum: 10_000_000,
  }),
  maxRunningPerUser: integer({
    variable: "MAX_RUNNING_PER_USER",
    description: "Repls of one user that may be meant to run at the same time; starts beyond get 429. 0 is no limit.",
    default: 0,
    minimum: 0,
    maximum: 1_000_000,
  }),
  maxStartingPerUser: integer({
    variable: "MAX_STARTING_PER_USER",
    description: "Starts of one user that may be under way at the same time; starts beyond get 429. 0 is no limit.",
    default: 0,
    minimum: 0,
    maximum: 1_000_000,
  }),
  ordersPerMinute: integer({
    variable: "ORDERS_PER_MINUTE",
    description:
      "Starts and stops of one user (without authentication: of one client address) that are taken a minute, whatever became of them; those beyond get 429. 0 is no limit.",
    default: 0,
    minimum: 0,
    maximum: 1_000_000,
  }),
  drainDelaySeconds: integer({
    variable: "DRAIN_DELAY_SECONDS",
    description:
      "How long the api goes on serving after SIGTERM, unready, until what sends it requests has noticed; part of SHUTDOWN_GRACE_SECONDS. 0 where nothing stands in front of it.",
    default: 0,
    minimum: 0,
    maximum: 3_599,
  }),
  boardWrite: choice(["0", "1"], {
    variable: "BOARD_WRITE",
    description:
      "`1` lets the dashboard change the queue: pause and empty it, add, promote and remove jobs; `0` lets it look only.",
    default: "0",
  }),
  maxFollowers: integer({
    variable: "MAX_FOLLOWERS",
    description:
      "Most requests of one process that may wait for a job's changes at the same time (event streams and `wait`).",
    default: 10_000,
    minimum: 1,
    maximum: 1_000_000,
  }),
  maxFollowersPerUser: integer({
    variable: "MAX_FOLLOWERS_PER_USER",
    description:
      "Of these, most of one user where AUTH_MODE is `jwt`; tokens with the scope `service` or `admin` do not count. 0 is no limit.",
    default: 100,
    minimum: 0,
    maximum: 1_000_000,
  }),
});

/** {@inheritDoc ApiSettings} Seconds and counts as the names say. */
export type ApiSettings = Settings<typeof ApiSettings>;

/** What each setting by itself cannot tell: problems of settings that do not go together. */
export function apiProblems(settings: ApiSettings, env: NodeJS.ProcessEnv): Problem[] {
  return [
    ...redisProblems(settings),
    ...openToAll(settings, env),
    ...authProblems(settings),
    ...samePort(settings),
    ...longDrain(settings),
  ];
}

function openToAll({ host, opsHost }: ApiSettings, env: NodeJS.ProcessEnv): Problem[] {
  const open = isLoopback(host) ? (isLoopback(opsHost) ? undefined : "OPS_HOST") : "HOST";
  if (open === undefined || env.AUTH_MODE) return [];
  const message = `must be set because ${open} is not a loopback address; \`none\` lets everybody who can reach the port act as any user`;
  return [{ variable: "AUTH_MODE", message }];
}

function samePort({ host, port, opsHost, opsPort }: ApiSettings): Problem[] {
  if (port === 0 || port !== opsPort || host !== opsHost) return [];
  return [{ variable: "OPS_PORT", message: `must differ from PORT, which is ${port} too` }];
}

function longDrain({ drainDelaySeconds, shutdownGraceSeconds }: ApiSettings): Problem[] {
  if (drainDelaySeconds < shutdownGraceSeconds) return [];
  const message = `must be below SHUTDOWN_GRACE_SECONDS, which is ${shutdownGraceSeconds}: requests that are open then need the rest`;
  return [{ variable: "DRAIN_DELAY_SECONDS", message }];
}

import Type from "typebox";
import { isHost, isLoopback, isOrigin } from "./checks.ts";
import { choice, integer, list, type Settings, text } from "./setting.ts";
import type { Problem } from "./settings-error.ts";
import { opsPort, shared } from "./shared.ts";

/** Settings of the api process. */
export const ApiSettings = Type.Object({
  ...shared,
  host: text({
    variable: "HOST",
    description: "Where the public port listens. Beyond loopback, AUTH_MODE must be set as well.",
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
  authMode: choice(["none"], {
    variable: "AUTH_MODE",
    description: "`none` lets everybody act as any user; it must be said explicitly to listen beyond loopback.",
    default: "none",
  }),
  maxOpenJobs: integer({
    variable: "MAX_OPEN_JOBS",
    description: "Starts are refused with 503 while this many jobs have not ended; stops never are. 0 is no limit.",
    default: 10_000,
    minimum: 0,
    maximum: 10_000_000,
  }),
  maxFollowers: integer({
    variable: "MAX_FOLLOWERS",
    description:
      "Most requests of one process that may wait for a job's changes at the same time (event streams and `wait`).",
    default: 10_000,
    minimum: 1,
    maximum: 1_000_000,
  }),
});

/** {@inheritDoc ApiSettings} Seconds and counts as the names say. */
export type ApiSettings = Settings<typeof ApiSettings>;

/** What each setting by itself cannot tell: problems of settings that do not go together. */
export function apiProblems(settings: ApiSettings, env: NodeJS.ProcessEnv): Problem[] {
  return [...openToAll(settings, env), ...samePort(settings)];
}

function openToAll({ host }: ApiSettings, env: NodeJS.ProcessEnv): Problem[] {
  if (isLoopback(host) || env.AUTH_MODE) return [];
  const message =
    "must be set because HOST is not a loopback address; `none` lets everybody who can reach the port act as any user";
  return [{ variable: "AUTH_MODE", message }];
}

function samePort({ host, port, opsHost, opsPort }: ApiSettings): Problem[] {
  if (port === 0 || port !== opsPort || host !== opsHost) return [];
  return [{ variable: "OPS_PORT", message: `must differ from PORT, which is ${port} too` }];
}

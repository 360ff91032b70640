import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  createAuthority,
  findValkey,
  missingValkey,
  startRedis,
  startRedisCluster,
  startSentinel,
} from "@repl/testkit";
import type { SystemRedis } from "./system.ts";

/** A Redis that was opened for a test. */
export type OpenRedis = SystemRedis & AsyncDisposable;

/** One way in which operators run Redis. */
export interface Topology {
  readonly name: string;
  readonly missing: () => string | undefined;
  /** Starts it, for an installation whose keys begin with `prefix`. */
  readonly open: (prefix: string) => Promise<OpenRedis>;
}

/** Of the users of k8s/redis/users.acl, whose lines have no room for blanks. */
export const PASSWORDS = { api: "p@ss:of/the?api", worker: "another%one", operator: "a-third-one" } as const;
const USERS = fileURLToPath(new URL("../../k8s/redis/users.acl", import.meta.url));

/** Each topology that is supported; each of them must do the same. */
export const TOPOLOGIES: readonly Topology[] = [
  { name: "one server", missing: () => undefined, open: openServer },
  { name: "one server with TLS and least rights", missing: () => undefined, open: openSecured },
  { name: "a cluster of three", missing: () => undefined, open: openCluster },
  { name: "Sentinel", missing: () => undefined, open: openSentinel },
  { name: "Valkey", missing: missingValkey, open: openValkey },
];

/** The users of k8s/redis/users.acl, for an installation's prefix, with passwords of their own. */
export function shippedUsers(prefix: string): { readonly lines: string; readonly password: string } {
  const lines = readFileSync(USERS, "utf8").replaceAll("{repl-orchestrator}", prefix);
  const filled = Object.entries(PASSWORDS).reduce(
    (text, [user, password]) => text.replace(`>${user.toUpperCase()}-PASSWORD`, `>${password}`),
    lines,
  );
  if (filled.includes("-PASSWORD")) throw new Error("k8s/redis/users.acl has a user without a password here");
  return { lines: filled, password: PASSWORDS.operator };
}

async function openServer(): Promise<OpenRedis> {
  const server = await startRedis();
  return { server, env: { REDIS_URL: server.url }, [Symbol.asyncDispose]: server.stop };
}

async function openSecured(prefix: string): Promise<OpenRedis> {
  const authority = createAuthority("the operator's authority");
  const tls = { ca: authority.ca, ...authority.issue("redis") };
  const server = await startRedis({ tls, users: shippedUsers(prefix) });
  const urlOf = (process: "api" | "worker") =>
    `rediss://repl-${process}:${encodeURIComponent(PASSWORDS[process])}@127.0.0.1:${server.port}`;
  return {
    server,
    env: { REDIS_URL: urlOf("api"), REDIS_CA_PATH: server.caPath ?? "" },
    workerEnv: { REDIS_URL: urlOf("worker") },
    [Symbol.asyncDispose]: server.stop,
  };
}

async function openCluster(prefix: string): Promise<OpenRedis> {
  const cluster = await startRedisCluster();
  const server = await cluster.ownerOf(prefix);
  return { server, env: { REDIS_URL: cluster.url }, [Symbol.asyncDispose]: cluster.stop };
}

async function openSentinel(): Promise<OpenRedis> {
  const sentinel = await startSentinel();
  return { server: await sentinel.primary(), env: { REDIS_URL: sentinel.url }, [Symbol.asyncDispose]: sentinel.stop };
}

async function openValkey(): Promise<OpenRedis> {
  const server = await startRedis({ binary: findValkey() ?? "valkey-server" });
  return { server, env: { REDIS_URL: server.url }, [Symbol.asyncDispose]: server.stop };
}

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

const PASSWORDS = { api: "p@ss:of/the api", worker: "another%one" } as const;
const OPERATIONS = fileURLToPath(new URL("../../docs/operations.md", import.meta.url));

/** Each topology that is supported; each of them must do the same. */
export const TOPOLOGIES: readonly Topology[] = [
  { name: "one server", missing: () => undefined, open: openServer },
  { name: "one server with TLS and least rights", missing: () => undefined, open: openSecured },
  { name: "a cluster of three", missing: () => undefined, open: openCluster },
  { name: "Sentinel", missing: () => undefined, open: openSentinel },
  { name: "Valkey", missing: missingValkey, open: openValkey },
];

/** The rules of docs/operations.md for a process, as ACL SETUSER takes them, for an installation's prefix and password. */
export function documentedRules(process: "api" | "worker", prefix: string): string[] {
  const text = readFileSync(OPERATIONS, "utf8").replaceAll("\\\n", " ");
  const [, rules] = new RegExp(`^ACL SETUSER repl-${process} (.+)$`, "m").exec(text) ?? [];
  if (rules === undefined) throw new Error(`docs/operations.md has no ACL SETUSER repl-${process}`);
  return rules
    .trim()
    .split(/\s+/)
    .map((rule) => rule.replace("{repl-orchestrator}", prefix).replace(/^>.*/, `>${PASSWORDS[process]}`));
}

async function openServer(): Promise<OpenRedis> {
  const server = await startRedis();
  return { server, env: { REDIS_URL: server.url }, [Symbol.asyncDispose]: server.stop };
}

async function openSecured(prefix: string): Promise<OpenRedis> {
  const authority = createAuthority("the operator's authority");
  const server = await startRedis({ tls: { ca: authority.ca, ...authority.issue("redis") } });
  for (const process of ["api", "worker"] as const)
    await server.command("ACL", "SETUSER", `repl-${process}`, ...documentedRules(process, prefix));
  const urlOf = (process: "api" | "worker") =>
    server.url.replace("//", `//repl-${process}:${encodeURIComponent(PASSWORDS[process])}@`);
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

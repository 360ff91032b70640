import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "../net/free-port.ts";
import { redisServerBinary } from "../process/environment.ts";
import { guard } from "../process/guard.ts";
import { type ProcessExit, type RunningProcess, startProcess } from "../process/start-process.ts";
import type { Issued } from "../tls/authority.ts";
import { appendOnlyBytes, cutAppendOnlyFile, repairAppendOnlyFile } from "./append-only-file.ts";
import { mountSmallDisk, unmountSmallDisk } from "./small-disk.ts";

/** What a Redis for tests shall be. */
export interface RedisOptions {
  /** Binary to run, such as "valkey-server", or a path to one. Default: REDIS_SERVER_BINARY, else "redis-server". */
  readonly binary?: string;
  /** Port on 127.0.0.1; default a free one. */
  readonly port?: number;
  /** Keeps data across `kill()` and `restart()` in an append-only file; "always" syncs each write. Default off. */
  readonly appendOnly?: "everysec" | "always";
  /** Speaks TLS alone, with this certificate, whose authority is `ca` (PEM). */
  readonly tls?: Issued & { readonly ca: string };
  /** Its data lies on a disk of this size, which may become full; needs root, see `whyNoSmallDisk()`. */
  readonly diskBytes?: number;
  /** Users, as the lines of an ACL file; the password is that of the user `default`, who is in `url` then. */
  readonly users?: { readonly lines: string; readonly password: string };
  /** More directives as the server's arguments: `["--maxmemory", "1mb"]`. */
  readonly args?: readonly string[];
}

/** A Redis server of its own. */
export interface TestRedis extends AsyncDisposable {
  /** `redis://127.0.0.1:port`, `rediss://` with TLS; the same after `restart()`. */
  readonly url: string;
  /** File with the authority's certificate; there with TLS alone. */
  readonly caPath: string | undefined;
  readonly port: number;
  /** Of the server that runs now; another one after `restart()`. */
  readonly pid: number;
  /** Where the append-only file lies. */
  readonly dataDir: string;
  /** One command over a connection of its own: `command("CONFIG", "SET", "maxmemory", 1)`. */
  command(name: string, ...args: (string | number)[]): Promise<unknown>;
  /** SIGSTOP: connections stay open and nobody answers. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** SIGKILL; returns when it is gone. */
  kill(): Promise<ProcessExit>;
  /** Bytes of the append-only file so far, for `powerLoss`. Needs `appendOnly`. */
  appendOnlyBytes(): Promise<number>;
  /**
   * SIGKILL, and what was written beyond `keptBytes` of the append-only file is lost with the page cache, as a machine
   * loses what it has not synced. `restart()` brings back the rest.
   */
  powerLoss(keptBytes: number): Promise<void>;
  /** While it is down: cuts off what a loss of power left half written, as docs/operations.md asks of an operator. */
  repair(): Promise<void>;
  /** Starts it again on the same port with the same data, after stopping it when it still runs. */
  restart(): Promise<void>;
  /** Stops it and removes its data. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts a Redis (or Valkey) server on 127.0.0.1 that keeps nothing unless told to, and waits until it answers PING.
 * @throws Error with the command that installs it when the binary is missing, or with its output when it cannot run.
 */
export async function startRedis(options: RedisOptions = {}): Promise<TestRedis> {
  const port = options.port ?? (await freePort());
  const dataDir = await mkdtemp(join(tmpdir(), "repl-redis-"));
  const { diskBytes } = options;
  const release = guard("sh", "-c", `umount --lazy "$0" 2> /dev/null; rm -rf "$0"`, dataDir);
  const removeData = async (): Promise<void> => {
    if (diskBytes !== undefined && existsSync(dataDir)) await unmountSmallDisk(dataDir);
    await rm(dataDir, { recursive: true, force: true });
    release();
  };
  const user = options.users ? `:${encodeURIComponent(options.users.password)}@` : "";
  const url = `${options.tls ? "rediss" : "redis"}://${user}127.0.0.1:${port}`;
  const command: TestRedis["command"] = (name, ...args) => redisCommand(url, options, name, ...args);
  const run = () => runServer(options, { port, dataDir, command });
  if (diskBytes !== undefined) await mountSmallDisk(dataDir, diskBytes);
  let server = await run().catch(async (error: unknown) => {
    await removeData();
    throw error;
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    await removeData();
  };
  const kill = (): Promise<ProcessExit> => {
    server.kill("SIGKILL");
    return server.exited;
  };
  return {
    url,
    caPath: options.tls && join(dataDir, "ca.crt"),
    port,
    dataDir,
    get pid() {
      return server.pid;
    },
    command,
    pause: () => server.kill("SIGSTOP"),
    resume: () => server.kill("SIGCONT"),
    kill,
    appendOnlyBytes: () => appendOnlyBytes(dataDir),
    async powerLoss(keptBytes) {
      await kill();
      await cutAppendOnlyFile(dataDir, keptBytes);
    },
    repair: () => repairAppendOnlyFile(dataDir, options.binary ?? redisServerBinary()),
    async restart() {
      await server.stop();
      server = await run();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

type Place = Pick<TestRedis, "port" | "dataDir" | "command">;

async function runServer(options: RedisOptions, { port, dataDir, command }: Place): Promise<RunningProcess> {
  const binary = options.binary ?? redisServerBinary();
  const appendOnly = options.appendOnly ? ["--appendonly", "yes", "--appendfsync", options.appendOnly] : [];
  const listen = options.tls ? await tlsArguments(options.tls, port, dataDir) : ["--port", String(port)];
  const place = [...listen, "--bind", "127.0.0.1", "--dir", dataDir, "--save", ""];
  const users = options.users ? await usersArguments(options.users.lines, dataDir) : [];
  try {
    const server = await startProcess({
      name: binary,
      command: binary,
      args: [...place, ...users, ...appendOnly, ...(options.args ?? [])],
      cwd: dataDir,
      ready: { line: /Ready to accept connections/ },
    });
    await command("PING");
    return server;
  } catch (error) {
    throw isMissing(error) ? new Error(installHint(binary), { cause: error }) : error;
  }
}

async function tlsArguments(
  { ca, cert, key }: NonNullable<RedisOptions["tls"]>,
  port: number,
  dataDir: string,
): Promise<string[]> {
  const files = { "ca.crt": ca, "server.crt": cert, "server.key": key };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(dataDir, name), text)));
  const at = (name: keyof typeof files) => join(dataDir, name);
  const identity = ["--tls-cert-file", at("server.crt"), "--tls-key-file", at("server.key")];
  const clients = ["--tls-ca-cert-file", at("ca.crt"), "--tls-auth-clients", "no"];
  return ["--port", "0", "--tls-port", String(port), ...identity, ...clients];
}

async function usersArguments(lines: string, dataDir: string): Promise<string[]> {
  const path = join(dataDir, "users.acl");
  await writeFile(path, lines);
  return ["--aclfile", path];
}

function isMissing(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

function installHint(binary: string): string {
  const name = binary.startsWith("valkey") ? "valkey" : "redis";
  const debian = `apt-get install -y --no-install-recommends ${name}-server`;
  return `${binary} is not installed: run "${debian}" (Debian, Ubuntu) or "brew install ${name}" (macOS)`;
}

/** One command over a connection of its own, which fails rather than retries. */
async function redisCommand(
  url: string,
  { tls }: RedisOptions,
  name: string,
  ...args: (string | number)[]
): Promise<unknown> {
  // What a test asks of its own server must not depend on whether the certificate under test is right.
  const secured = tls ? { tls: { rejectUnauthorized: false } } : {};
  const client = new Redis(url, { ...secured, lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  client.on("error", () => {}); // Without a listener ioredis prints what the rejection below says anyway.
  try {
    await client.connect();
    return await client.call(name, ...args);
  } finally {
    client.disconnect();
  }
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "../net/free-port.ts";
import { guard } from "../process/guard.ts";
import { type ProcessExit, type RunningProcess, startProcess } from "../process/start-process.ts";

/** What a Redis for tests shall be. */
export interface RedisOptions {
  /** Binary to run: "redis-server" (default) or "valkey-server", or a path to one. */
  readonly binary?: string;
  /** Port on 127.0.0.1; default a free one. */
  readonly port?: number;
  /** Keeps data across `kill()` and `restart()` in an append-only file; "always" syncs each write. Default off. */
  readonly appendOnly?: "everysec" | "always";
  /** More directives as the server's arguments: `["--maxmemory", "1mb"]`. */
  readonly args?: readonly string[];
}

/** A Redis server of its own. */
export interface TestRedis extends AsyncDisposable {
  /** `redis://127.0.0.1:port`, the same after `restart()`. */
  readonly url: string;
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
  const url = `redis://127.0.0.1:${port}`;
  const run = () => runServer(options, port, dataDir);
  const release = guard("rm", "-rf", dataDir);
  const removeData = async (): Promise<void> => {
    await rm(dataDir, { recursive: true, force: true });
    release();
  };
  let server = await run().catch(async (error: unknown) => {
    await removeData();
    throw error;
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    await removeData();
  };
  return {
    url,
    port,
    dataDir,
    get pid() {
      return server.pid;
    },
    command: (name, ...args) => redisCommand(url, name, ...args),
    pause: () => server.kill("SIGSTOP"),
    resume: () => server.kill("SIGCONT"),
    kill() {
      server.kill("SIGKILL");
      return server.exited;
    },
    async restart() {
      await server.stop();
      server = await run();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function runServer(options: RedisOptions, port: number, dataDir: string): Promise<RunningProcess> {
  const command = options.binary ?? "redis-server";
  const appendOnly = options.appendOnly ? ["--appendonly", "yes", "--appendfsync", options.appendOnly] : [];
  const place = ["--port", String(port), "--bind", "127.0.0.1", "--dir", dataDir, "--save", ""];
  try {
    const server = await startProcess({
      name: command,
      command,
      args: [...place, ...appendOnly, ...(options.args ?? [])],
      cwd: dataDir,
      ready: { line: /Ready to accept connections/ },
    });
    await redisCommand(`redis://127.0.0.1:${port}`, "PING");
    return server;
  } catch (error) {
    throw isMissing(error) ? new Error(installHint(command), { cause: error }) : error;
  }
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
async function redisCommand(url: string, name: string, ...args: (string | number)[]): Promise<unknown> {
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  client.on("error", () => {}); // Without a listener ioredis prints what the rejection below says anyway.
  try {
    await client.connect();
    return await client.call(name, ...args);
  } finally {
    client.disconnect();
  }
}

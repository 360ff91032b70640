import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "../net/free-port.ts";
import { redisServerBinary } from "../process/environment.ts";
import { guard } from "../process/guard.ts";
import { type RunningProcess, startProcess } from "../process/start-process.ts";
import { waitFor } from "../wait-for.ts";
import { startRedis, type TestRedis } from "./start-redis.ts";

/** What a set of servers under Sentinels shall be. */
export interface SentinelOptions {
  /** Default 1. */
  readonly replicas?: number;
  /** More directives of each server. */
  readonly args?: readonly string[];
}

/** One primary, its replicas, and three Sentinels that replace it within some seconds when it is gone. */
export interface TestSentinel extends AsyncDisposable {
  /** `redis+sentinel://127.0.0.1:…,127.0.0.1:…,127.0.0.1:…/repl`. */
  readonly url: string;
  /** The first one is the primary that it began with. */
  readonly servers: readonly TestRedis[];
  /** The server that the Sentinels name at the moment. */
  primary(): Promise<TestRedis>;
  /** Stops all of it. May be called twice. */
  stop(): Promise<void>;
}

const SENTINELS = 3;
const QUORUM = 2;
const NAME = "repl";
/** After this long without an answer a server counts as gone. */
const DOWN_AFTER_MS = 1_000;
const FAILOVER_TIMEOUT_MS = 4_000;

/**
 * Starts all of it and waits until a failover would succeed.
 * @throws Error as {@link startRedis} does.
 */
export async function startSentinel({ replicas = 1, args = [] }: SentinelOptions = {}): Promise<TestSentinel> {
  await using stack = new AsyncDisposableStack();
  const first = stack.use(await startRedis({ args }));
  const servers = [first];
  for (let number = 0; number < replicas; number += 1) {
    const follow = ["--replicaof", "127.0.0.1", String(first.port), "--repl-diskless-sync-delay", "0"];
    servers.push(stack.use(await startRedis({ args: [...follow, ...args] })));
  }
  await waitFor(async () => (await onlineReplicas(first)) === replicas, { what: "the replicas to be filled" });

  const folder = await mkdtemp(join(tmpdir(), "repl-sentinel-"));
  stack.defer(guard("rm", "-rf", folder));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const ports: number[] = [];
  for (let number = 0; number < SENTINELS; number += 1) {
    const port = await freePort();
    stack.use(await runSentinel(port, join(folder, `${number}.conf`), first.port));
    ports.push(port);
  }
  for (const port of ports) await waitFor(() => isReady(port, replicas), { what: "the Sentinels to know each other" });
  const running = stack.move();
  const stop = () => running.disposeAsync();
  return {
    url: `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(",")}/${NAME}`,
    servers,
    async primary() {
      const [, port] = (await ask(ports[0] ?? 0, "GET-MASTER-ADDR-BY-NAME", NAME)) as string[];
      const server = servers.find((each) => each.port === Number(port));
      if (server === undefined) throw new Error(`the Sentinels name port ${port}, which is no server of theirs`);
      return server;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function onlineReplicas(primary: TestRedis): Promise<number> {
  return [...String(await primary.command("INFO", "replication")).matchAll(/^slave\d+:.*state=online/gm)].length;
}

/** A Sentinel writes what it learns into its configuration. */
async function runSentinel(port: number, path: string, primaryPort: number): Promise<RunningProcess> {
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} ${QUORUM}`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${NAME} ${FAILOVER_TIMEOUT_MS}`,
  ];
  await writeFile(path, `${lines.join("\n")}\n`);
  return startProcess({
    name: "sentinel",
    command: redisServerBinary(),
    args: [path, "--sentinel"],
    ready: { line: /\+monitor (master|primary)/ },
  });
}

async function isReady(port: number, replicas: number): Promise<boolean> {
  const [quorum, known, others] = await Promise.all([
    ask(port, "CKQUORUM", NAME),
    ask(port, "REPLICAS", NAME) as Promise<unknown[]>,
    ask(port, "SENTINELS", NAME) as Promise<unknown[]>,
  ]);
  return String(quorum).startsWith("OK") && known.length === replicas && others.length === SENTINELS - 1;
}

async function ask(port: number, ...args: string[]): Promise<unknown> {
  const client = new Redis({ host: "127.0.0.1", port, lazyConnect: true, retryStrategy: () => null });
  client.on("error", () => {}); // The rejection says it.
  try {
    await client.connect();
    return await client.call("SENTINEL", ...args);
  } finally {
    client.disconnect();
  }
}

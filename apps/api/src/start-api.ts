import type { AddressInfo } from "node:net";
import { buildOpsServer, createRegistry } from "@repl/ops";
import { loadPage } from "@repl/web";
import type { FastifyInstance } from "fastify";
import { buildApp } from "./app.ts";
import type { App, FastifyBaseLogger } from "./app-types.ts";
import { createTokenVerifier, type TokenOptions } from "./auth/token-verifier.ts";
import { addBoard } from "./board/board.ts";
import { createApiMetrics } from "./metrics/api-metrics.ts";
import { addQueueGauges } from "./metrics/queue-gauges.ts";
import { openConnections, type RedisOptions } from "./redis/connections.ts";

/** Requests that come before Redis answers would only be refused; it need not be there for the process to start, though. */
const FIRST_CONNECTION_WAIT_MS = 1_000;
/** Part of the grace period after which clients that still send or read slowly are cut off, so that the exit is in time. */
const CUT_OFF_AT = 0.7;

/** How the process runs; the api's settings have all of it. */
export interface ApiOptions extends RedisOptions, TokenOptions {
  readonly host: string;
  /** 0 takes any free port, as for `opsPort`. */
  readonly port: number;
  readonly opsHost: string;
  readonly opsPort: number;
  readonly corsOrigins: readonly string[];
  readonly trustedProxies?: readonly string[];
  /** `none`: everybody may act as any user. */
  readonly authMode: "none" | "jwt";
  /** `1`: the dashboard may change jobs. */
  readonly boardWrite: "0" | "1";
  readonly maxFollowers: number;
  readonly shutdownGraceSeconds: number;
}

/** An api that listens on both ports. */
export interface RunningApi {
  /** Ends it in order: unready, no new requests, open ones finished or cut off before the grace period is over. */
  readonly close: () => Promise<void>;
}

/**
 * Opens the connections, then both ports.
 * @throws Error naming the setting whose port cannot be listened on.
 */
export async function startApi(options: ApiOptions, log: FastifyBaseLogger): Promise<RunningApi> {
  const page = await loadPage();
  const draining = new AbortController();
  const connections = openConnections(options, log);
  const { store, repls, enqueue, feed, operators } = connections;
  const { corsOrigins, maxFollowers, trustedProxies } = options;
  const verifyToken = options.authMode === "jwt" ? createTokenVerifier(options) : undefined;
  const registry = createRegistry();
  const metrics = createApiMetrics(registry, () => feed.followers);
  addQueueGauges(registry, operators);
  const app = buildApp({
    ...{ store, repls, enqueue, feed, log, metrics, corsOrigins, maxFollowers, trustedProxies, verifyToken },
    page,
    draining: draining.signal,
  });
  const ops = buildOpsServer({
    log,
    metrics: registry,
    checks: {
      redis: connections.ping,
      port: () => holds(app.server.listening, "the public port is not open"),
      changes: () => holds(feed.live, "changes of jobs do not arrive"),
      draining: () => holds(!draining.signal.aborted, "the process is ending"),
    },
    more: (server) => addBoard(server, { ...operators, log, verifyToken, writable: options.boardWrite === "1" }),
  });

  const close = async () => {
    draining.abort();
    feed.close();
    const cutOff = setTimeout(
      () => app.server.closeAllConnections(),
      options.shutdownGraceSeconds * 1_000 * CUT_OFF_AT,
    );
    await app.close();
    clearTimeout(cutOff);
    await connections.close();
    ops.server.closeAllConnections();
    await ops.close();
  };

  try {
    const opsPort = await listen(ops, "OPS_PORT", { host: options.opsHost, port: options.opsPort });
    await connections.settled(FIRST_CONNECTION_WAIT_MS);
    const port = await listen(app, "PORT", { host: options.host, port: options.port });
    log.info({ host: options.host, port, opsHost: options.opsHost, opsPort }, "listening");
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function holds(condition: boolean, otherwise: string): Promise<void> {
  if (!condition) throw new Error(otherwise);
}

async function listen(
  app: App | FastifyInstance,
  setting: string,
  address: { host: string; port: number },
): Promise<number> {
  try {
    await app.listen({ ...address, listenTextResolver: (url) => `${setting}: ${url}` });
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error; // Nothing to do with the port: the app could not be built.
    throw new Error(`${setting}: cannot listen on ${address.host}:${address.port} (${code})`, {
      cause: error,
    });
  }
  return (app.server.address() as AddressInfo).port;
}

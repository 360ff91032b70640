import { setTimeout as sleep } from "node:timers/promises";
import { buildOpsServer, createLogLimiter, createRegistry, listen, openTracer, type TracingOptions } from "@repl/ops";
import { loadPage } from "@repl/web";
import { buildApp } from "./app.ts";
import type { FastifyBaseLogger } from "./app-types.ts";
import { createTokenVerifier, type TokenOptions } from "./auth/token-verifier.ts";
import { addBoard } from "./board/board.ts";
import type { SeatLimits } from "./follow/seat.ts";
import { createApiMetrics } from "./metrics/api-metrics.ts";
import { addQueueGauges } from "./metrics/queue-gauges.ts";
import { openConnections, type RedisOptions } from "./redis/connections.ts";

/** Requests that come before Redis answers would only be refused; it need not be there for the process to start, though. */
const FIRST_CONNECTION_WAIT_MS = 1_000;
/** Part of what the drain delay leaves of the grace period after which clients that are slow are cut off, so that the exit is in time. */
const CUT_OFF_AT = 0.7;
/** Part of the same in which the last spans may still be sent. */
const FLUSH_SHARE = 0.1;

/** How the process runs; the api's settings have all of it. */
export interface ApiOptions extends RedisOptions, TokenOptions, TracingOptions, SeatLimits {
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
  readonly shutdownGraceSeconds: number;
  /** Part of the grace period. */
  readonly drainDelaySeconds: number;
}

/** An api that listens on both ports. */
export interface RunningApi {
  /**
   * Ends it in order: unready, served on for the drain delay, no new requests, open ones finished or cut off before the
   * grace period is over. `at once` leaves the delay out, for a process that cannot be trusted any more.
   */
  readonly close: (when?: "in order" | "at once") => Promise<void>;
}

/**
 * Opens the connections, then both ports.
 * @throws Error naming the setting whose port cannot be listened on, or what is wrong with Redis.
 */
export async function startApi(options: ApiOptions, log: FastifyBaseLogger): Promise<RunningApi> {
  const page = await loadPage();
  const leaving = new AbortController();
  const draining = new AbortController();
  const logError = createLogLimiter(log);
  const tracer = await openTracer(options, "api", logError);
  const connections = openConnections(options, log);
  const { store, repls, enqueue, feed, operators } = connections;
  const { corsOrigins, maxFollowers, maxFollowersPerUser, trustedProxies } = options;
  const verifyToken = options.authMode === "jwt" ? createTokenVerifier(options) : undefined;
  const registry = createRegistry();
  const metrics = createApiMetrics(registry, () => feed.followers);
  addQueueGauges(registry, operators);
  const app = buildApp({
    ...{ store, repls, enqueue, feed, log, metrics, corsOrigins, trustedProxies, verifyToken, tracer },
    ...{ maxFollowers, maxFollowersPerUser },
    page,
    leaving: leaving.signal,
    draining: draining.signal,
  });
  const ops = buildOpsServer({
    log,
    metrics: registry,
    authenticated: verifyToken !== undefined,
    checks: {
      redis: connections.check,
      queue: () => holds(operators.isReady(), "the queue's connection to Redis is away"),
      port: () => holds(app.server.listening, "the public port is not open"),
      changes: () => holds(feed.live, "changes of jobs do not arrive"),
      draining: () => holds(!leaving.signal.aborted, "the process is ending"),
    },
    more: (server) =>
      addBoard(server, { ...operators, log, logError, verifyToken, writable: options.boardWrite === "1" }),
  });

  const close: RunningApi["close"] = async (when = "in order") => {
    const drainDelaySeconds = when === "in order" ? options.drainDelaySeconds : 0;
    leaving.abort();
    if (drainDelaySeconds > 0) await sleep(drainDelaySeconds * 1_000);
    draining.abort();
    feed.close();
    const restMs = (options.shutdownGraceSeconds - drainDelaySeconds) * 1_000;
    const cutOff = setTimeout(() => app.server.closeAllConnections(), restMs * CUT_OFF_AT);
    await app.close();
    clearTimeout(cutOff);
    await tracer.close(restMs * FLUSH_SHARE);
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
    await close("at once");
    throw error;
  }
}

async function holds(condition: boolean, otherwise: string): Promise<void> {
  if (!condition) throw new Error(otherwise);
}

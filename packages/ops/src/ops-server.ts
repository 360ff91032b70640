import { randomUUID } from "node:crypto";
import Fastify, { type FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import { createAttention } from "./attention.ts";
import { type Check, runChecks } from "./checks.ts";
import { hasForeignHost, LOCAL_HOST_NEEDED } from "./foreign-host.ts";
import { clientErrorAnswers, HOST_NEEDED, hasValidHost, replaceNodeAnswers } from "./plain-http.ts";
import { answerProblem } from "./problem.ts";

/** What the operators' port shows. */
export interface OpsOptions {
  /** What the process depends on, by name. */
  readonly checks: Readonly<Record<string, Check>>;
  /** What `/metrics` shows. */
  readonly metrics: Registry;
  /** Told of what nobody foresaw. */
  readonly log: { error(facts: object, message: string): void };
  /** Whether what must not be open to all asks for a token; default: nothing does, so that on loopback foreign Hosts are refused. */
  readonly authenticated?: boolean;
  /** Adds further routes, such as a dashboard's, as a Fastify plugin. */
  readonly more?: (server: FastifyInstance) => void;
}

const LARGEST_BODY_BYTES = 64 * 1024;
const REQUEST_TIMEOUT_MS = 8_000;
const MAX_EVENT_LOOP_DELAY_MS = 1_000;

/**
 * The operators' port of a process; never listens by itself. `GET /livez`: the process works, whatever it depends on.
 * `GET /readyz`: 200 when everything it depends on works, else 503, each dependency named. `GET /metrics`: Prometheus.
 * Every error is a problem (RFC 9457).
 */
export function buildOpsServer(options: OpsOptions): FastifyInstance {
  const { checks, metrics, log, authenticated = false, more } = options;
  const attention = createAttention(MAX_EVENT_LOOP_DELAY_MS);
  const server = Fastify({
    forceCloseConnections: true,
    genReqId: () => randomUUID(),
    bodyLimit: LARGEST_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    frameworkErrors: (_error, _request, reply) => {
      answerProblem(reply, "malformed_request");
    },
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000, requireHostHeader: false },
    clientErrorHandler: clientErrorAnswers(attention, REQUEST_TIMEOUT_MS),
  });
  server.addHook("onReady", async () => attention.begin());
  server.addHook("onClose", async () => attention.end());
  replaceNodeAnswers(server.server);
  requireHost(server, authenticated);
  answerErrors(server, log);
  server.get("/livez", async () => ({ status: "ok" }));
  server.get("/readyz", async (_request, reply) => {
    const report = await runChecks(checks);
    if (report.ready) return { status: "ok", checks: report.checks };
    const failing = Object.keys(report.checks).filter((name) => report.checks[name] !== "ok");
    return answerProblem(reply, "not_ready", {
      detail: `Failing: ${failing.join(", ")}.`,
      members: { checks: report.checks },
    });
  });
  server.get("/metrics", async (_request, reply) => {
    const text = await metrics.metrics();
    return reply.type(metrics.contentType).header("cache-control", "no-store").send(text);
  });
  more?.(server);
  return server;
}

function requireHost(server: FastifyInstance, authenticated: boolean): void {
  server.addHook("onRequest", async ({ raw }, reply) => {
    if (!hasValidHost(raw)) {
      return answerProblem(reply, "malformed_request", { detail: HOST_NEEDED, headers: { connection: "close" } });
    }
    if (!authenticated && hasForeignHost(raw, server.server)) {
      return answerProblem(reply, "malformed_request", { detail: LOCAL_HOST_NEEDED });
    }
  });
}

function answerErrors(server: FastifyInstance, log: OpsOptions["log"]): void {
  const taken = new Map<string, string[]>();
  server.addHook("onRoute", ({ url, method }) => {
    taken.set(url, [...(taken.get(url) ?? []), ...[method].flat()]);
  });
  server.setNotFoundHandler((request, reply) => {
    const methods = taken.get(request.url.split("?", 1)[0] ?? "");
    if (methods === undefined) return answerProblem(reply, "not_found");
    const allow = [...new Set(methods)].sort().join(", ");
    return answerProblem(reply, "method_not_allowed", { detail: `Allowed: ${allow}.`, headers: { allow } });
  });
  server.setErrorHandler((error, request, reply) => {
    const { statusCode = 500 } = error as { statusCode?: number };
    if (statusCode < 500) return answerProblem(reply, "malformed_request");
    log.error({ err: error, requestId: request.id, path: request.routeOptions.url }, "unexpected error");
    return answerProblem(reply, "internal_error");
  });
}

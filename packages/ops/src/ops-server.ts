import { randomUUID } from "node:crypto";
import Fastify, { type FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import { createAttention } from "./attention.ts";
import { type Check, runChecks } from "./checks.ts";
import { clientErrorAnswers, HOST_NEEDED, hasValidHost, replaceNodeAnswers } from "./plain-http.ts";
import { sendProblem } from "./problem.ts";

/** What the operators' port shows. */
export interface OpsOptions {
  /** What the process depends on, by name. */
  readonly checks: Readonly<Record<string, Check>>;
  /** What `/metrics` shows. */
  readonly metrics: Registry;
  /** Told of what nobody foresaw. */
  readonly log: { error(facts: object, message: string): void };
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
export function buildOpsServer({ checks, metrics, log, more }: OpsOptions): FastifyInstance {
  const attention = createAttention(MAX_EVENT_LOOP_DELAY_MS);
  const server = Fastify({
    forceCloseConnections: true,
    genReqId: () => randomUUID(),
    bodyLimit: LARGEST_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    frameworkErrors: (_error, _request, reply) => {
      sendProblem(reply, "malformed_request");
    },
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000, requireHostHeader: false },
    clientErrorHandler: clientErrorAnswers(attention, REQUEST_TIMEOUT_MS),
  });
  server.addHook("onReady", async () => attention.begin());
  server.addHook("onClose", async () => attention.end());
  replaceNodeAnswers(server.server);
  server.addHook("onRequest", async ({ raw }, reply) => {
    if (hasValidHost(raw)) return;
    return sendProblem(reply, "malformed_request", { detail: HOST_NEEDED, headers: { connection: "close" } });
  });
  answerErrors(server, log);
  server.get("/livez", async () => ({ status: "ok" }));
  server.get("/readyz", async (_request, reply) => {
    const report = await runChecks(checks);
    if (report.ready) return { status: "ok", checks: report.checks };
    const failing = Object.keys(report.checks).filter((name) => report.checks[name] !== "ok");
    return sendProblem(reply, "not_ready", {
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

function answerErrors(server: FastifyInstance, log: OpsOptions["log"]): void {
  const taken = new Map<string, string[]>();
  server.addHook("onRoute", ({ url, method }) => {
    taken.set(url, [...(taken.get(url) ?? []), ...[method].flat()]);
  });
  server.setNotFoundHandler((request, reply) => {
    const methods = taken.get(request.url.split("?", 1)[0] ?? "");
    if (methods === undefined) return sendProblem(reply, "not_found");
    const allow = [...new Set(methods)].sort().join(", ");
    return sendProblem(reply, "method_not_allowed", { detail: `Allowed: ${allow}.`, headers: { allow } });
  });
  server.setErrorHandler((error, request, reply) => {
    const { statusCode = 500 } = error as { statusCode?: number };
    if (statusCode < 500) return sendProblem(reply, "malformed_request");
    log.error({ err: error, requestId: request.id, path: request.routeOptions.url }, "unexpected error");
    return sendProblem(reply, "internal_error");
  });
}

import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify from "fastify";
import type { App, FastifyBaseLogger } from "./app-types.ts";
import { takePlainJson } from "./plugins/body.ts";
import { allowOrigins } from "./plugins/cross-origin.ts";
import { endConnectionsWhenDraining } from "./plugins/draining.ts";
import { answerOtherMethods } from "./plugins/methods.ts";
import { describeRoutes } from "./plugins/openapi.ts";
import { MAX_EVENT_LOOP_DELAY_MS, shedLoad } from "./plugins/overload.ts";
import { answerProblems } from "./plugins/problems.ts";
import { logRequests } from "./plugins/request-log.ts";
import { sendSecurityHeaders } from "./plugins/security-headers.ts";
import { validateRequests } from "./plugins/validation.ts";
import type { RouteDeps } from "./routes/deps.ts";
import { jobRoute } from "./routes/job.ts";
import { jobEventsRoute } from "./routes/job-events.ts";
import { openapiRoute } from "./routes/openapi.ts";
import { NAMED_SCHEMAS } from "./routes/schemas.ts";
import { startRoute } from "./routes/start.ts";
import { stopRoute } from "./routes/stop.ts";
import { serverOptions } from "./server-options.ts";

const HEARTBEAT_MS = 15_000;

/** What the app is built from; it opens no connection and reads no setting by itself. */
export interface AppDeps extends Omit<RouteDeps, "heartbeatMs"> {
  readonly log: FastifyBaseLogger;
  /** Origins of browsers' front ends, exactly as they send them. */
  readonly corsOrigins: readonly string[];
  /** Aborted when the process begins to end: from then on new requests are refused. */
  readonly draining: AbortSignal;
  /** Default: 15 s. */
  readonly heartbeatMs?: number;
  /** Default: 1 s. */
  readonly maxEventLoopDelayMs?: number;
}

/** Builds the public app. It listens nowhere yet; `close()` ends its server, not what it was given. */
export function buildApp(deps: AppDeps): App {
  const { log, corsOrigins, draining, heartbeatMs = HEARTBEAT_MS } = deps;
  const app: App = fastify({ ...serverOptions, loggerInstance: log }).withTypeProvider<TypeBoxTypeProvider>();

  logRequests(app);
  answerProblems(app);
  endConnectionsWhenDraining(app, draining);
  takePlainJson(app);
  validateRequests(app);
  const otherMethods = answerOtherMethods(app);
  sendSecurityHeaders(app);
  allowOrigins(app, corsOrigins);
  shedLoad(app, deps.maxEventLoopDelayMs ?? MAX_EVENT_LOOP_DELAY_MS);
  describeRoutes(app, NAMED_SCHEMAS);

  void app.register((scope: App, _options, done) => {
    const routeDeps: RouteDeps = { ...deps, heartbeatMs };
    startRoute(scope, routeDeps);
    stopRoute(scope, routeDeps);
    jobRoute(scope, routeDeps);
    jobEventsRoute(scope, routeDeps);
    openapiRoute(scope);
    done();
  });
  void app.register(otherMethods);
  return app;
}

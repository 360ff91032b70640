import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { Page } from "@repl/web";
import fastify from "fastify";
import type { App, FastifyBaseLogger } from "./app-types.ts";
import type { VerifyToken } from "./auth/token-verifier.ts";
import { authenticate } from "./plugins/authenticate.ts";
import { takePlainJson } from "./plugins/body.ts";
import { allowOrigins } from "./plugins/cross-origin.ts";
import { endConnectionsWhenDraining } from "./plugins/draining.ts";
import { serveInterfacePage } from "./plugins/interface-page.ts";
import { measureRequests } from "./plugins/measure-requests.ts";
import { answerOtherMethods } from "./plugins/methods.ts";
import { describeRoutes } from "./plugins/openapi.ts";
import { MAX_EVENT_LOOP_DELAY_MS, shedLoad } from "./plugins/overload.ts";
import { servePage } from "./plugins/page.ts";
import { answerProblems } from "./plugins/problems.ts";
import { logRequests } from "./plugins/request-log.ts";
import { sendSecurityHeaders } from "./plugins/security-headers.ts";
import { validateRequests } from "./plugins/validation.ts";
import type { RouteDeps } from "./routes/deps.ts";
import { jobRoute } from "./routes/job.ts";
import { jobEventsRoute } from "./routes/job-events.ts";
import { openapiRoute } from "./routes/openapi.ts";
import { createOrders } from "./routes/orders.ts";
import { keepaliveRoute, replRoute } from "./routes/repl.ts";
import { replsRoute } from "./routes/repls.ts";
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
  /** Tells whose token it is; left out where everybody may do everything. */
  readonly verifyToken?: VerifyToken | undefined;
  /** Addresses of proxies whose X-Forwarded-For is believed; left out: none. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Served at `/`; left out: there is nothing. */
  readonly page?: Page | undefined;
  /** Default: 15 s. */
  readonly heartbeatMs?: number;
  /** Default: 1 s. */
  readonly maxEventLoopDelayMs?: number;
}

/** Builds the public app. It listens nowhere yet; `close()` ends its server, not what it was given. */
export function buildApp(deps: AppDeps): App {
  const { log, corsOrigins, draining, heartbeatMs = HEARTBEAT_MS } = deps;
  const trustProxy = deps.trustedProxies === undefined ? false : [...deps.trustedProxies];
  const options = { ...serverOptions, trustProxy, loggerInstance: log };
  const app: App = fastify(options).withTypeProvider<TypeBoxTypeProvider>();

  logRequests(app);
  measureRequests(app, deps.metrics);
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
    const takeOrder = createOrders(routeDeps);
    authenticate(scope, deps.verifyToken);
    startRoute(scope, takeOrder);
    stopRoute(scope, takeOrder);
    jobRoute(scope, routeDeps);
    jobEventsRoute(scope, routeDeps);
    replsRoute(scope, routeDeps);
    replRoute(scope, routeDeps);
    keepaliveRoute(scope, routeDeps);
    done();
  });
  void app.register((scope: App, _options, done) => {
    openapiRoute(scope);
    if (deps.page) servePage(scope, deps.page);
    done();
  });
  void app.register(otherMethods);
  // After the above: its many files need no answer for every other method.
  serveInterfacePage(app);
  return app;
}

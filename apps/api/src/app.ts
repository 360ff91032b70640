import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import {
  clientErrorAnswers,
  createAttention,
  createLogLimiter,
  NO_TRACER,
  replaceNodeAnswers,
  type Tracer,
} from "@repl/ops";
import type { Page } from "@repl/web";
import fastify from "fastify";
import type { App, FastifyBaseLogger } from "./app-types.ts";
import type { VerifyToken } from "./auth/remember-tokens.ts";
import { createSeats, type SeatLimits } from "./follow/seat.ts";
import { checkAddresses } from "./plugins/address.ts";
import { afterAnswer } from "./plugins/after-answer.ts";
import { authenticate } from "./plugins/authenticate.ts";
import { takePlainJson } from "./plugins/body.ts";
import { allowOrigins } from "./plugins/cross-origin.ts";
import { type Departure, endConnectionsWhenLeaving } from "./plugins/draining.ts";
import { requireHost } from "./plugins/host.ts";
import { serveInterfacePage } from "./plugins/interface-page.ts";
import { measureRequests } from "./plugins/measure-requests.ts";
import { answerOtherMethods } from "./plugins/methods.ts";
import { describeRoutes } from "./plugins/openapi.ts";
import { MAX_EVENT_LOOP_DELAY_MS, shedLoad } from "./plugins/overload.ts";
import { servePage } from "./plugins/page.ts";
import { answerProblems, problemSender } from "./plugins/problems.ts";
import { logRequests } from "./plugins/request-log.ts";
import { sendSecurityHeaders } from "./plugins/security-headers.ts";
import { traceRequests } from "./plugins/trace-requests.ts";
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
import { REQUEST_TIMEOUT_MS, serverOptions } from "./server-options.ts";

const HEARTBEAT_MS = 15_000;

/** What the app is built from; it opens no connection and reads no setting by itself. */
export interface AppDeps extends Omit<RouteDeps, "heartbeatMs" | "takeSeat" | "tracer">, SeatLimits, Departure {
  readonly log: FastifyBaseLogger;
  /** Origins of browsers' front ends, exactly as they send them. */
  readonly corsOrigins: readonly string[];
  /** Tells whose token it is; left out where everybody may do everything. */
  readonly verifyToken?: VerifyToken | undefined;
  /** Addresses of proxies whose X-Forwarded-For is believed; left out: none. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Left out: nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Served at `/`; left out: there is nothing. */
  readonly page?: Page | undefined;
  /** Default: 15 s. */
  readonly heartbeatMs?: number;
  /** Default: 1 s. */
  readonly maxEventLoopDelayMs?: number;
}

/** Builds the public app. It listens nowhere yet; `close()` ends its server, not what it was given. */
export function buildApp(deps: AppDeps): App {
  const { log, corsOrigins, heartbeatMs = HEARTBEAT_MS, tracer = NO_TRACER } = deps;
  const { maxEventLoopDelayMs = MAX_EVENT_LOOP_DELAY_MS } = deps;
  const trustProxy = deps.trustedProxies === undefined ? false : [...deps.trustedProxies];
  const attention = createAttention(maxEventLoopDelayMs);
  const clientErrorHandler = clientErrorAnswers(attention, REQUEST_TIMEOUT_MS);
  const options = { ...serverOptions, clientErrorHandler, trustProxy, loggerInstance: log };
  const app: App = fastify(options).withTypeProvider<TypeBoxTypeProvider>();

  afterAnswer(app, [logRequests(app), traceRequests(app, tracer), measureRequests(deps.metrics)]);
  answerProblems(app, problemSender(createLogLimiter(log)));
  replaceNodeAnswers(app.server);
  takePlainJson(app);
  validateRequests(app);
  const otherMethods = answerOtherMethods(app);
  sendSecurityHeaders(app);
  allowOrigins(app, corsOrigins);
  // Behind the headers of CORS, without which a browser shows a page nothing of an answer.
  app.after(() => {
    requireHost(app);
    checkAddresses(app);
    endConnectionsWhenLeaving(app, deps);
  });
  shedLoad(app, maxEventLoopDelayMs);
  app.addHook("onReady", async () => attention.begin());
  app.addHook("onClose", async () => attention.end());
  describeRoutes(app, NAMED_SCHEMAS);

  void app.register((scope: App, _options, done) => {
    const routeDeps: RouteDeps = { ...deps, heartbeatMs, tracer, takeSeat: createSeats(deps.feed, deps) };
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

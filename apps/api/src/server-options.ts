import { type FastifyBaseLogger, type FastifyHttpOptions, LogController, type RawServerDefault } from "fastify";
import { lazySerializers } from "./lazy-serializers.ts";
import { requestIdOf } from "./plugins/request-log.ts";

/** An order is some 200 bytes. */
const BODY_LIMIT_BYTES = 16 * 1024;

/** Until a whole request has arrived. */
export const REQUEST_TIMEOUT_MS = 8_000;

/** What both ports have in common: limits in size and time, request ids, and problems where no route is reached. */
export const serverOptions = {
  bodyLimit: BODY_LIMIT_BYTES,
  /** Until the whole request has arrived; the answer may take longer. */
  requestTimeout: REQUEST_TIMEOUT_MS,
  /** Node looks at the two timeouts only this often (default: 30 s); plugins/host.ts answers what has no Host. */
  http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000, requireHostHeader: false },
  genReqId: requestIdOf,
  logController: new LogController({ requestIdLogLabel: "requestId", disableRequestLogging: true }),
  /** Longer than proxies keep theirs (Traefik 90 s, Google's load balancers 600 s): who closes first must not be this end. */
  keepAliveTimeout: 620_000,
  /** Our own answer to late requests is a problem; see plugins/draining.ts. */
  return503OnClosing: false,
  schemaController: { compilersFactory: { buildSerializer: lazySerializers } },
} satisfies FastifyHttpOptions<RawServerDefault, FastifyBaseLogger>;

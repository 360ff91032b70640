import { type FastifyBaseLogger, type FastifyHttpOptions, LogController, type RawServerDefault } from "fastify";
import { lazySerializers } from "./lazy-serializers.ts";
import { takeLiterally } from "./plugins/address.ts";
import { requestIdOf } from "./plugins/request-log.ts";

/** An order is some 200 bytes. */
const BODY_LIMIT_BYTES = 16 * 1024;

/** Until a whole request has arrived. */
export const REQUEST_TIMEOUT_MS = 8_000;

/** What both ports have in common: limits in size and time, request ids, and addresses that no route is looked for. */
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
  /** Of an id that is too long, plugins/address.ts tells the client; Fastify would answer it outside of all hooks. */
  routerOptions: { maxParamLength: Number.MAX_SAFE_INTEGER },
  /** Our own answer to late requests is a problem; see plugins/draining.ts. */
  return503OnClosing: false,
  frameworkErrors: (_error, request, reply) => takeLiterally(request, reply),
  schemaController: { compilersFactory: { buildSerializer: lazySerializers } },
} satisfies FastifyHttpOptions<RawServerDefault, FastifyBaseLogger>;

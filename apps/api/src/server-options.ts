import { type FastifyBaseLogger, type FastifyHttpOptions, LogController, type RawServerDefault } from "fastify";
import { sendProblem } from "./plugins/problems.ts";
import { requestIdOf } from "./plugins/request-log.ts";
import { answerClientError } from "./problems/client-error.ts";

/** An order is some 200 bytes. */
const BODY_LIMIT_BYTES = 16 * 1024;

/** What both ports have in common: limits in size and time, request ids, and problems where no route is reached. */
export const serverOptions = {
  bodyLimit: BODY_LIMIT_BYTES,
  /** Until the whole request has arrived; the answer may take longer. */
  requestTimeout: 8_000,
  /** Node looks at the two timeouts only this often (default: 30 s). */
  http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000 },
  genReqId: requestIdOf,
  logController: new LogController({ requestIdLogLabel: "requestId", disableRequestLogging: true }),
  /** Our own answer to late requests is a problem; see plugins/draining.ts. */
  return503OnClosing: false,
  frameworkErrors: (error, request, reply) => {
    sendProblem(error, request, reply);
  },
  clientErrorHandler: answerClientError,
} satisfies FastifyHttpOptions<RawServerDefault, FastifyBaseLogger>;

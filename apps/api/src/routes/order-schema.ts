import Type from "typebox";
import type { ProblemCode } from "../problems/problem-kinds.ts";
import { problemResponses, RATE_HEADERS } from "../problems/problem-schema.ts";
import { JobOrder, OrderHeaders } from "./schemas.ts";

interface OrderOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  /** Beside those that every order may meet. */
  readonly problems: readonly ProblemCode[];
}

/** What the answer leads to (OpenAPI 3.1 4.8.20). */
export const ORDER_LINKS = {
  202: {
    job: { operationId: "getJob", parameters: { jobId: "$response.body#/jobId" }, description: "The job's status." },
    events: { operationId: "followJob", parameters: { jobId: "$response.body#/jobId" }, description: "Its changes." },
    repl: { operationId: "getRepl", parameters: { replId: "$response.body#/replId" }, description: "The repl." },
  },
};

/** Everything about an order's route that OpenAPI and Fastify want to know. */
export function orderSchema({ problems, ...operation }: OrderOperation) {
  return {
    ...operation,
    tags: ["repls"],
    body: JobOrder,
    headers: OrderHeaders,
    response: {
      202: {
        description: "Accepted; the job does it.",
        headers: {
          Location: Type.String({ description: "The job's status." }),
          "Retry-After": Type.Integer({ description: "Seconds until the first poll is worth while." }),
          "Idempotency-Replayed": Type.String({ description: "`true` where an earlier answer is repeated." }),
          ...RATE_HEADERS,
        },
        content: { "application/json": { schema: Type.Ref("JobAccepted#") } },
      },
      ...problemResponses(
        "invalid_request",
        "unauthorized",
        "forbidden_user",
        "repl_taken",
        "idempotency_in_flight",
        "request_timeout",
        "body_too_large",
        "unsupported_media_type",
        "idempotency_mismatch",
        "rate_limited",
        "dependency_unavailable",
        ...problems,
      ),
    },
  };
}

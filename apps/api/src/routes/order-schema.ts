import Type from "typebox";
import type { ProblemCode } from "../problems/problem-kinds.ts";
import { problemResponses } from "../problems/problem-schema.ts";
import { JobOrder, OrderHeaders } from "./schemas.ts";

interface OrderOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  /** Beside those that every order may meet. */
  readonly problems: readonly ProblemCode[];
}

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
          "RateLimit-Limit": Type.Integer({ description: "Orders a minute; missing where there is no limit." }),
          "RateLimit-Remaining": Type.Integer({ description: "Orders that would be taken right now." }),
          "RateLimit-Reset": Type.Integer({ description: "Seconds until all of them are available again." }),
        },
        content: { "application/json": { schema: Type.Ref("JobAccepted#") } },
      },
      ...problemResponses(
        "invalid_request",
        "malformed_request",
        "unauthorized",
        "forbidden_user",
        "repl_taken",
        "idempotency_in_flight",
        "request_timeout",
        "body_too_large",
        "unsupported_media_type",
        "idempotency_mismatch",
        "rate_limited",
        "headers_too_large",
        "dependency_unavailable",
        ...problems,
      ),
    },
  };
}

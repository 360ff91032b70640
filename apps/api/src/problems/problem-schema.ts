import { PROBLEM_MEDIA_TYPE } from "@repl/ops";
import Type, { type Static } from "typebox";
import { PROBLEM_KINDS, type ProblemCode, problemKind } from "./problem-kinds.ts";

/** The body of every error. */
export const ProblemBody = Type.Object(
  {
    type: Type.String({ format: "uri", description: "Names the kind of problem, as `code` does." }),
    title: Type.String({ description: "The same for every problem with this code." }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.Enum(Object.keys(PROBLEM_KINDS), { description: "For programs.", examples: ["invalid_request"] }),
    requestId: Type.String({ description: "Names the request in the service's log." }),
    detail: Type.Optional(Type.String({ description: "What is wrong with this very request, for people." })),
    details: Type.Optional(
      Type.Object(
        {},
        {
          additionalProperties: true,
          description: "For programs. Of `user_limit`: `limit`, which is `running` or `starting`, and `max`, how many.",
        },
      ),
    ),
    errors: Type.Optional(
      Type.Array(Type.Object({ field: Type.String({ examples: ["replId"] }), message: Type.String() }), {
        description: "One entry for each thing wrong with a field.",
      }),
    ),
  },
  {
    $id: "Problem",
    additionalProperties: true,
    description: "An error (RFC 9457).",
    examples: [
      {
        type: "urn:problem-type:repl-orchestrator:invalid_request",
        title: "The request is not valid.",
        status: 400,
        code: "invalid_request",
        requestId: "aef5f94f-ae21-492a-854c-247e1a2f1f46",
        detail: "replId is missing.",
        errors: [{ field: "replId", message: "is missing" }],
      },
    ],
  },
);
/** {@inheritDoc ProblemBody} */
export type ProblemBody = Static<typeof ProblemBody>;

/** Of every answer to an order that was looked at, where the operator limits orders (draft-ietf-httpapi-ratelimit-headers-06). */
export const RATE_HEADERS = {
  "RateLimit-Limit": Type.Integer({
    description: "Orders a minute; missing where there is no limit, or the order was not looked at.",
  }),
  "RateLimit-Remaining": Type.Integer({ description: "Orders that would be taken right now." }),
  "RateLimit-Reset": Type.Integer({ description: "Seconds until all of them are available again." }),
};

/** What an order is refused for that was looked at, so that the answer has {@link RATE_HEADERS}. */
const OF_ORDERS = new Set<ProblemCode>([
  "repl_taken",
  "idempotency_mismatch",
  "rate_limited",
  "user_limit",
  "queue_full",
]);

/** Errors that any request may meet, wherever it goes. */
const EVERYWHERE: ProblemCode[] = [
  "malformed_request",
  "headers_too_large",
  "internal_error",
  "overloaded",
  "shutting_down",
];

/** The responses of a route that answers these problems, by status, for its schema. */
export function problemResponses(...codes: ProblemCode[]): Record<number, object> {
  const withKeys: ProblemCode[] = codes.includes("unauthorized") ? ["keys_unavailable"] : [];
  const byStatus = Map.groupBy([...codes, ...withKeys, ...EVERYWHERE], (code) => problemKind(code).status);
  return Object.fromEntries(
    [...byStatus].map(([status, alike]) => [
      status,
      { description: describe(alike), headers: headersOf(alike), content },
    ]),
  );
}

const content = { [PROBLEM_MEDIA_TYPE]: { schema: Type.Ref("Problem#") } };

function describe(codes: ProblemCode[]): string {
  return codes.map((code) => `\`${code}\`: ${problemKind(code).title}`).join("\n\n");
}

function headersOf(codes: ProblemCode[]): Record<string, object> {
  const mayPass = codes.some((code) => problemKind(code).retryAfterSeconds !== undefined);
  return {
    ...(mayPass
      ? { "Retry-After": Type.Integer({ minimum: 0, description: "Seconds until a further try is worth while." }) }
      : {}),
    ...(codes.includes("unauthorized")
      ? { "WWW-Authenticate": Type.String({ description: "What is asked for: `Bearer`." }) }
      : {}),
    ...(codes.some((code) => OF_ORDERS.has(code)) ? RATE_HEADERS : {}),
  };
}

import Type, { type Static } from "typebox";
import { PROBLEM_KINDS, type ProblemCode, problemKind } from "./problem-kinds.ts";

/** RFC 9457's media type. */
export const PROBLEM_MEDIA_TYPE = "application/problem+json";

/** The body of every error. */
export const ProblemBody = Type.Object(
  {
    type: Type.String({ format: "uri", description: "Names the kind of problem, as `code` does." }),
    title: Type.String({ description: "The same for every problem with this code." }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.Enum(Object.keys(PROBLEM_KINDS), { description: "For programs.", examples: ["invalid_request"] }),
    requestId: Type.String({ description: "Names the request in the service's log." }),
    detail: Type.Optional(Type.String({ description: "What is wrong with this very request, for people." })),
    errors: Type.Optional(
      Type.Array(Type.Object({ field: Type.String({ examples: ["replId"] }), message: Type.String() }), {
        description: "One entry for each thing wrong with a field.",
      }),
    ),
  },
  { $id: "Problem", additionalProperties: true, description: "An error (RFC 9457)." },
);
/** {@inheritDoc ProblemBody} */
export type ProblemBody = Static<typeof ProblemBody>;

/** Errors that any request may meet, wherever it goes. */
const EVERYWHERE: ProblemCode[] = ["internal_error", "overloaded", "shutting_down"];

/** The responses of a route that answers these problems, by status, for its schema. */
export function problemResponses(...codes: ProblemCode[]): Record<number, object> {
  const byStatus = Map.groupBy([...codes, ...EVERYWHERE], (code) => problemKind(code).status);
  return Object.fromEntries(
    [...byStatus].map(([status, alike]) => [status, { description: describe(alike), ...retryHeader(alike), content }]),
  );
}

const content = { [PROBLEM_MEDIA_TYPE]: { schema: Type.Ref("Problem#") } };

function describe(codes: ProblemCode[]): string {
  return codes.map((code) => `\`${code}\`: ${problemKind(code).title}`).join("\n\n");
}

function retryHeader(codes: ProblemCode[]): { headers?: object } {
  if (codes.every((code) => problemKind(code).retryAfterSeconds === undefined)) return {};
  return { headers: { "Retry-After": Type.Integer({ description: "Seconds." }) } };
}

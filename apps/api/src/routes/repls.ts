import { ReplId, toReplStatus, UserId } from "@repl/contract";
import Type from "typebox";
import type { App } from "../app-types.ts";
import { userFor } from "../auth/caller.ts";
import { problemResponses } from "../problems/problem-schema.ts";
import { fromRedis } from "../redis/from-redis.ts";
import type { RouteDeps } from "./deps.ts";

const DEFAULT_PAGE = 100;
const LARGEST_PAGE = 500;

const Query = Type.Object({
  userId: Type.Optional(UserId),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: LARGEST_PAGE,
      description: `A whole number, 1 to ${LARGEST_PAGE}. The most repls in the answer; ${DEFAULT_PAGE} where left out.`,
    }),
  ),
  after: Type.Optional(ReplId),
});

const schema = {
  operationId: "listRepls",
  summary: "List a user's repls",
  description:
    "Every repl that the user has ever started, by replId. Without `userId`, those of the token's subject, or of `anonymous` where authentication is off.",
  tags: ["repls"],
  querystring: Query,
  response: {
    200: { description: "The repls.", content: { "application/json": { schema: Type.Ref("ReplList#") } } },
    ...problemResponses("invalid_request", "unauthorized", "forbidden_user", "dependency_unavailable"),
  },
};

/** `GET /repls` */
export function replsRoute(app: App, { repls }: RouteDeps): void {
  app.get("/repls", { schema }, async (request, reply) => {
    const { userId, limit = DEFAULT_PAGE, after = "" } = request.query;
    const owner = userFor(request.caller, userId);
    const page = await fromRedis(repls.list(owner, { after, limit }));
    reply.header("cache-control", "private, no-store");
    return { repls: page.repls.map(toReplStatus), next: page.more ? (page.repls.at(-1)?.replId ?? null) : null };
  });
}

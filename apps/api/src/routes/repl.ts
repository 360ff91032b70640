import { toReplStatus } from "@repl/contract";
import Type from "typebox";
import type { App } from "../app-types.ts";
import { maySee } from "../auth/caller.ts";
import { Problem } from "../problems/problem.ts";
import { problemResponses } from "../problems/problem-schema.ts";
import { fromRedis } from "../redis/from-redis.ts";
import type { RouteDeps } from "./deps.ts";
import { ReplParams } from "./schemas.ts";

const PROBLEMS = [
  "invalid_request",
  "unauthorized",
  "repl_not_found",
  "address_too_long",
  "dependency_unavailable",
] as const;

const getSchema = {
  operationId: "getRepl",
  summary: "Get what a repl does",
  tags: ["repls"],
  params: ReplParams,
  response: {
    200: { description: "The repl.", content: { "application/json": { schema: Type.Ref("ReplStatus#") } } },
    ...problemResponses(...PROBLEMS),
  },
};

const keepaliveSchema = {
  operationId: "keepReplAlive",
  summary: "Say that a repl is in use",
  description: "Puts off the stop of a repl that nobody uses. It takes no body.",
  tags: ["repls"],
  params: ReplParams,
  response: {
    204: { description: "Noted.", type: "null" },
    ...problemResponses(...PROBLEMS, "body_too_large", "unsupported_media_type", "request_timeout"),
  },
};

/** `GET /repls/:replId` */
export function replRoute(app: App, { repls }: RouteDeps): void {
  app.get("/repls/:replId", { schema: getSchema }, async (request, reply) => {
    const { replId } = request.params;
    request.facts.replId = replId;
    const record = await fromRedis(repls.find(replId));
    if (record === null || !maySee(request.caller, record.userId)) throw new Problem("repl_not_found");
    reply.header("cache-control", "private, no-store");
    return toReplStatus(record);
  });
}

/** `POST /repls/:replId/keepalive` */
export function keepaliveRoute(app: App, { repls }: RouteDeps): void {
  app.post("/repls/:replId/keepalive", { schema: keepaliveSchema }, async (request, reply) => {
    const { replId } = request.params;
    const { subject, actsForOthers } = request.caller;
    request.facts.replId = replId;
    const known = await fromRedis(repls.keepAlive(replId, actsForOthers ? undefined : subject));
    if (!known) throw new Problem("repl_not_found");
    return reply.code(204).send();
  });
}

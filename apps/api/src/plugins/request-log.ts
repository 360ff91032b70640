import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { App, FastifyReply, FastifyRequest } from "../app-types.ts";
import type { Answered, AnswerListener } from "./after-answer.ts";

/** What a client's own request id may look like; anything else is replaced, so that no log line can be forged. */
const WELL_FORMED = /^[A-Za-z0-9._-]{8,64}$/;
const LOGGED_PATH_CHARACTERS = 200;

/** The id of a request: the client's if it is well-formed, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, "headers">): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && WELL_FORMED.test(given) ? given : randomUUID();
}

/** Gives every answer its request's id and every request one line in the log, when its answer has gone or is given up. */
export function logRequests(app: App): AnswerListener {
  app.decorateRequest("facts");
  app.addHook("onRequest", (request, reply, done) => {
    request.facts = {};
    reply.header("x-request-id", request.id);
    done();
  });
  return (request, reply, answered) => request.log.info(lineOf(request, reply, answered), "request");
}

function lineOf(request: FastifyRequest, reply: FastifyReply, { status, aborted }: Answered) {
  return {
    method: request.method,
    path: request.originalUrl.split("?", 1)[0]?.slice(0, LOGGED_PATH_CHARACTERS),
    status,
    ms: Math.round(reply.elapsedTime),
    ...request.facts,
    ...(aborted ? { aborted } : {}),
  };
}

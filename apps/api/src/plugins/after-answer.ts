import type { App, FastifyReply, FastifyRequest } from "../app-types.ts";

/** What stands for the status where a client left before its answer had begun; nginx writes the same. */
const CLIENT_LEFT = 499;

/** What became of a request. */
export interface Answered {
  readonly status: number;
  /** Whether the client left before all of it was sent. */
  readonly aborted: boolean;
}

/**
 * Calls back once for each request, when its answer has gone or is given up. Fastify's `onResponse` knows nothing of
 * requests whose client left first, as every follower of a job does that is closed.
 */
export function afterAnswer(
  app: App,
  listener: (request: FastifyRequest, reply: FastifyReply, answered: Answered) => void,
): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.raw.once("close", () => {
      const { headersSent, writableFinished } = reply.raw;
      listener(request, reply, { status: headersSent ? reply.statusCode : CLIENT_LEFT, aborted: !writableFinished });
    });
    done();
  });
}

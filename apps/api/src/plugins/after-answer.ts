import type { App, FastifyReply, FastifyRequest } from "../app-types.ts";

/** What stands for the status where a client left before its answer had begun; nginx writes the same. */
const CLIENT_LEFT = 499;

/** What became of a request. */
export interface Answered {
  readonly status: number;
  /** Whether the client left before all of it was sent. */
  readonly aborted: boolean;
}

/** Who wants to know what became of each request. */
export type AnswerListener = (request: FastifyRequest, reply: FastifyReply, answered: Answered) => void;

/**
 * Calls these back, in their order, once for each request, when its answer has gone or is given up. Fastify's `onResponse`
 * knows nothing of requests whose client left first, as every follower of a job does that is closed.
 */
export function afterAnswer(app: App, listeners: readonly AnswerListener[]): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.raw.once("close", () => {
      const { headersSent, writableFinished } = reply.raw;
      const answered = { status: headersSent ? reply.statusCode : CLIENT_LEFT, aborted: !writableFinished };
      for (const listener of listeners) listener(request, reply, answered);
    });
    done();
  });
}

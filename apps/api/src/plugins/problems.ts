import { writeProblem } from "@repl/ops";
import type { App, FastifyReply, FastifyRequest } from "../app-types.ts";
import { Problem } from "../problems/problem.ts";
import { toProblem } from "../problems/to-problem.ts";

/** Answers every error of the app as a problem, those of unknown addresses included. */
export function answerProblems(app: App): void {
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  app.setNotFoundHandler(() => {
    throw new Problem("not_found");
  });
}

/** Sends an error as a problem. What nobody foresaw is logged with its cause; clients never see that. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error);
  if (request.facts) request.facts.problem = problem.code;
  if (problem.code === "internal_error") request.log.error({ err: problem.cause ?? problem }, "unexpected error");
  return writeProblem(reply, problem.toBody(request.id), problem.headers);
}

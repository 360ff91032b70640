import { type LogError, writeProblem } from "@repl/ops";
import type { App, FastifyReply, FastifyRequest } from "../app-types.ts";
import { Problem } from "../problems/problem.ts";
import type { ProblemCode } from "../problems/problem-kinds.ts";
import { toProblem } from "../problems/to-problem.ts";

/** What is away, as the log names it. */
const SOURCES: Partial<Record<ProblemCode, string>> = {
  dependency_unavailable: "redis requests",
  keys_unavailable: "identity provider",
};

/** Sends whatever was thrown as a problem. */
export type SendProblem = (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply;

/** Answers every error of the app as a problem, those of unknown addresses included. */
export function answerProblems(app: App, sendProblem: SendProblem): void {
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler(() => {
    throw new Problem("not_found");
  });
}

/**
 * Builds what sends an error as a problem. Causes go to the log, never to a client: each time where nobody foresaw it,
 * else by `logError`, since every request of an outage has the same.
 */
export function problemSender(logError: LogError): SendProblem {
  return (error, request, reply) => {
    const problem = toProblem(error);
    if (request.facts) request.facts.problem = problem.code;
    logCause(problem, request, logError);
    return writeProblem(reply, problem.toBody(request.id), problem.headers);
  };
}

function logCause(problem: Problem, { log }: FastifyRequest, logError: LogError): void {
  const { code, cause, status } = problem;
  if (code === "internal_error") log.error({ err: cause ?? problem }, "unexpected error");
  else if (status === 503 && cause !== undefined) logError(SOURCES[code] ?? code, cause);
}

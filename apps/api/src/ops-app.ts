import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify from "fastify";
import type { App, FastifyBaseLogger } from "./app-types.ts";
import { answerOtherMethods } from "./plugins/methods.ts";
import { answerProblems } from "./plugins/problems.ts";
import { logRequests } from "./plugins/request-log.ts";
import { Problem } from "./problems/problem.ts";
import { serverOptions } from "./server-options.ts";

/** Whether one thing that the process depends on is well; rejects or returns false where it is not. */
export type Check = () => Promise<boolean> | boolean;

/** What the operators' app is built from. */
export interface OpsDeps {
  readonly log: FastifyBaseLogger;
  /** By the name that readyz shows. */
  readonly checks: Readonly<Record<string, Check>>;
}

/** Builds the operators' app: livez and readyz. It listens nowhere yet. */
export function buildOpsApp({ log, checks }: OpsDeps): App {
  // Probes come every few seconds; only what goes wrong in them is worth a line.
  const quiet = log.child({}, { level: "warn" });
  const app: App = fastify({ ...serverOptions, loggerInstance: quiet }).withTypeProvider<TypeBoxTypeProvider>();
  logRequests(app);
  answerProblems(app);
  const otherMethods = answerOtherMethods(app);

  void app.register((scope: App, _options, done) => {
    scope.get("/livez", async () => ({ status: "ok" }));
    scope.get("/readyz", async (_request, reply) => {
      const results = await runAll(checks);
      const failing = Object.keys(results).filter((name) => results[name] !== "ok");
      if (failing.length > 0) throw notReady(failing, results);
      return reply.send({ status: "ok", checks: results });
    });
    done();
  });
  void app.register(otherMethods);
  return app;
}

type Results = Record<string, "ok" | "failing">;

async function runAll(checks: OpsDeps["checks"]): Promise<Results> {
  const run = async (check: Check) => ((await check()) ? "ok" : "failing");
  const entries = Object.entries(checks).map(async ([name, check]) => [name, await run(check).catch(() => "failing")]);
  return Object.fromEntries(await Promise.all(entries)) as Results;
}

function notReady(failing: string[], results: Results): Problem {
  return new Problem("not_ready", { detail: `Failing: ${failing.join(", ")}.`, members: { checks: results } });
}

import Fastify, { type FastifyInstance } from "fastify";
import { type Check, runChecks } from "./checks.ts";

/** What the operators' port shows. */
export interface OpsOptions {
  /** What the process depends on, by name. */
  readonly checks: Readonly<Record<string, Check>>;
}

/**
 * The operators' port of a process; never listens by itself. `GET /livez`: the process works, whatever it depends on.
 * `GET /readyz`: 200 when everything it depends on works, else 503, each dependency named.
 */
export function buildOpsServer({ checks }: OpsOptions): FastifyInstance {
  const server = Fastify({ forceCloseConnections: true });
  server.get("/livez", async () => ({ alive: true }));
  server.get("/readyz", async (_request, reply) => {
    const report = await runChecks(checks);
    return reply.code(report.ready ? 200 : 503).send(report);
  });
  return server;
}

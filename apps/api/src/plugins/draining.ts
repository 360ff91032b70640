import type { App } from "../app-types.ts";
import { Problem } from "../problems/problem.ts";

const SWEEP_IDLE_MS = 100;

/**
 * Refuses what still arrives on open connections once the process is ending (Fastify's own answer is no
 * problem+json), and lets no client keep its connection beyond its last answer.
 */
export function endConnectionsWhenDraining(app: App, draining: AbortSignal): void {
  app.addHook("onRequest", async () => {
    if (draining.aborted) throw new Problem("shutting_down");
  });
  app.addHook("onSend", async (_request, reply) => {
    if (draining.aborted) reply.header("connection", "close");
  });
  closeLateIdlers(app);
}

/**
 * Node closes the connections that are idle when the server is closed, not those that become idle afterwards, such as
 * an event stream's, and those would hold up the end for the whole keep-alive timeout.
 */
function closeLateIdlers(app: App): void {
  let timer: NodeJS.Timeout | undefined;
  app.addHook("preClose", async () => {
    timer = setInterval(() => app.server.closeIdleConnections(), SWEEP_IDLE_MS);
  });
  app.addHook("onClose", async () => clearInterval(timer));
}
